"""Who follows a subject hears of it once, from the trail, and only of what they may see."""

import pytest
from django.test import Client

from apps.agenda import following
from apps.agenda.models import Notification, TrailCursor
from apps.core.errors import NotFound
from apps.core.subjects import SubjectRef
from apps.people.models import Membership
from apps.usecases import actions as usecases
from tests.api.client import Caller
from tests.commits import settle
from tests.people.factories import make_user, member
from tests.scenery import Scene

pytestmark = pytest.mark.django_db


def change(scene: Scene, summary: str) -> None:
    usecases.edit_use_case(scene.use_case.pk, by=scene.engineer, revision=None, summary=summary)
    settle()


def test_a_follower_is_told_once_of_each_act_of_others(scene: Scene) -> None:
    reader, ref = member(scene.team, name="Reader"), SubjectRef("use_case", scene.use_case.pk)
    settle()
    following.tell_followers()
    following.follow(reader, ref)
    following.follow(scene.engineer, ref)
    change(scene, "Other")
    assert following.tell_followers() == 1
    assert following.tell_followers() == 0
    row = Notification.objects.get()
    assert (row.user, row.reason, row.url) == (reader, "You follow it", f"/use-cases/{scene.use_case.pk}/")
    assert row.text == "Technical Owner edited the use case it"
    TrailCursor.objects.update(seq=0)
    following.tell_followers()
    assert Notification.objects.filter(user=reader, text__contains="Technical Owner edited").count() == 1
    following.unfollow(reader, ref)
    assert not following.follows(reader, ref)


def test_a_new_follower_is_not_told_of_the_past(scene: Scene) -> None:
    following.follow(member(scene.team, name="Reader"), SubjectRef("use_case", scene.use_case.pk))
    settle()
    assert following.tell_followers() == 0


def test_who_may_not_see_it_any_more_is_told_nothing(scene: Scene) -> None:
    reader = member(scene.team, name="Reader")
    following.tell_followers()
    following.follow(reader, SubjectRef("use_case", scene.use_case.pk))
    Membership.objects.filter(user=reader).delete()
    change(scene, "Other")
    following.tell_followers()
    assert not Notification.objects.filter(user=reader).exists()


def test_nobody_follows_what_they_may_not_see(scene: Scene) -> None:
    stranger = make_user("Stranger")
    with pytest.raises(NotFound):
        following.follow(stranger, SubjectRef("use_case", scene.use_case.pk))
    body = {"subject_type": "use_case", "subject_id": str(scene.use_case.pk)}
    assert Caller(stranger).post("subscriptions/", body)[0] == 404
    caller = Caller(scene.engineer)
    status, made = caller.post("subscriptions/", body)
    assert (status, caller.get("subscriptions/")[1]["results"]) == (201, [made])
    assert Caller(scene.lead).call("DELETE", f"subscriptions/{made['id']}/", None)[0] == 404
    assert caller.call("DELETE", f"subscriptions/{made['id']}/", None)[0] == 204
    assert caller.get("subscriptions/")[1]["results"] == []


def test_one_follows_on_a_page_from_the_trail(scene: Scene) -> None:
    client, path = Client(), f"/follow/use_case/{scene.use_case.pk}/"
    client.force_login(scene.engineer)
    settle()
    assert path in client.get(f"/use-cases/{scene.use_case.pk}/").content.decode()
    assert "Follow Support assistant" in client.get(path).content.decode()
    assert client.post(path).url == f"/use-cases/{scene.use_case.pk}/"
    assert "No longer follow" in client.get(path).content.decode()
    client.post(path)
    assert not following.follows(scene.engineer, SubjectRef("use_case", scene.use_case.pk))
    client.force_login(make_user("Stranger"))
    assert client.get(path).status_code == client.post(path).status_code == 404
