"""Who holds an exceptional grant on one thing."""

from django.db.models import QuerySet
from guardian.models import UserObjectPermission

from apps.core.subjects import SubjectRef
from apps.people.models import User


def grants_on(ref: SubjectRef) -> QuerySet[UserObjectPermission]:
    return UserObjectPermission.objects.filter(object_pk=str(ref.id), permission__codename__startswith="view_")


def holders_of(ref: SubjectRef) -> QuerySet[User]:
    return User.objects.filter(pk__in=grants_on(ref).values("user_id")).order_by("name")
