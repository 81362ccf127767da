import django_filters
from django.utils.translation import gettext_lazy as _

from apps.evidence.models import Attestation, Document


class _OnSubject(django_filters.FilterSet):
    subject_type = django_filters.CharFilter(label=_("Kind of subject"))
    subject_id = django_filters.UUIDFilter(label=_("Subject (identifier)"))
    kind = django_filters.CharFilter(label=_("Kind"))


class DocumentFilter(_OnSubject):
    class Meta:
        model = Document
        fields: list[str] = []


class AttestationFilter(_OnSubject):
    class Meta:
        model = Attestation
        fields: list[str] = []
