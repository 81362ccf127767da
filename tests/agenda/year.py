"""One organisation: six teams in six time zones, their calendars, people and use cases.

Who holds what, who is away and what is planned stand here as plain values too, so that what should come of it can be
told without the tables.
"""

import datetime as dt
import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from apps.agenda import preferences
from apps.agenda import tasks as agenda_tasks
from apps.agenda.models import Preference
from apps.core.clock import replay
from apps.core.subjects import SubjectRef
from apps.operations import actions as operations
from apps.operations import tasks as operations_tasks
from apps.operations.models import ReviewPlan
from apps.people.models import Membership, Team, User
from apps.usecases import actions as usecases
from apps.usecases.models import Phase, UseCase
from tests.scenery import name_holder

DAY = dt.timedelta(days=1)
FIRST, DAYS = dt.date(2026, 1, 1), 365
LOOKS = (dt.time(8), dt.time(16), dt.time(20))
TICKS = [
    dt.datetime.combine(day, look, dt.UTC)
    for day in (FIRST + n * DAY for n in range(DAYS))
    for look in (LOOKS if day.weekday() < 5 else LOOKS[-1:])
]
EVE = dt.datetime(2025, 12, 31, 12, tzinfo=dt.UTC)
CADENCES = ("daily", "weekly", "monthly", "quarterly")
SEATS = ("business_owner", "technical_owner", "governance_owner")
PLACES: tuple[tuple[str, str, tuple[int, ...], tuple[str, ...]], ...] = (
    ("Berlin", "Europe/Berlin", (6, 7), ("2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25")),
    ("Los Angeles", "America/Los_Angeles", (6, 7), ("2026-01-01", "2026-05-25", "2026-07-03", "2026-11-26")),
    ("Auckland", "Pacific/Auckland", (6, 7), ("2026-01-01", "2026-01-02", "2026-02-06", "2026-04-27", "2026-12-25")),
    ("Kolkata", "Asia/Kolkata", (7,), ("2026-01-26", "2026-08-15", "2026-10-02")),
    ("Everywhere", "UTC", (6, 7), ("2026-01-01", "2026-06-30", "2026-07-01", "2026-09-30")),
    ("Cairo", "Africa/Cairo", (5, 6), ("2026-01-07", "2026-04-25", "2026-07-23")),
)


@dataclass(frozen=True)
class Away:
    """Days of absence in UTC, and since when they are known."""

    first: dt.date
    last: dt.date
    known: dt.datetime


@dataclass(eq=False)
class Person:
    user: User
    zone: str
    place: int
    pool: str
    away: list[Away] = field(default_factory=list)
    left_at: dt.datetime | None = None

    def is_away(self, moment: dt.datetime) -> bool:
        return any(row.first <= moment.date() <= row.last and row.known <= moment for row in self.away)

    def is_here(self, moment: dt.datetime) -> bool:
        return self.left_at is None or moment < self.left_at


@dataclass(eq=False)
class Spell:
    """Who held a responsibility, with which deputy, from when until when."""

    since: dt.datetime
    holder: Person
    deputy: Person | None
    until: dt.datetime | None = None


@dataclass(eq=False)
class Case:
    row: UseCase
    place: int
    spells: dict[str, list[Spell]] = field(default_factory=dict)

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef("use_case", self.row.pk)

    def spell(self, seat: str, moment: dt.datetime) -> Spell | None:
        rows = self.spells[seat]
        return next((row for row in rows if row.since <= moment and (row.until is None or moment < row.until)), None)


@dataclass(eq=False)
class Plan:
    row: ReviewPlan
    case: Case
    starts_on: dt.date
    ended_at: dt.datetime | None = None


@dataclass(eq=False)
class Named:
    """What is due from one person by name: an offer to answer, a follow-up to do."""

    kind: str
    subject: uuid.UUID
    case: Case
    person: Person
    due_at: dt.datetime
    begins: dt.datetime
    ends: dt.datetime | None = None
    seat: str = ""
    deputy: Person | None = None
    replaces: Spell | None = None


@dataclass(eq=False)
class Place:
    """A team, and the holidays of its calendar with the moment since which they are known."""

    team: Team
    zone: str
    weekend: tuple[int, ...]
    holidays: dict[dt.date, dt.datetime]
    calendar: Any = None


def beat() -> None:
    """Run once what the beat runs every minute or more often, as far as reviews and reminders go."""
    operations_tasks.ensure_reviews()
    operations_tasks.record_missed()
    agenda_tasks.remind()
    agenda_tasks.mail()


class Organisation:
    """Six teams of so many people, use cases and plans; made by the actions, but for accounts and memberships."""

    def __init__(self, seed: int, people_of_a_team: int = 33, name: str = "") -> None:
        self.random, self.name = random.Random(seed), name
        self.places: list[Place] = []
        self.people: list[Person] = []
        self.cases: list[Case] = []
        self.plans: list[Plan] = []
        self.named: list[Named] = []
        with replay(EVE):
            self._hire(people_of_a_team)

    def _hire(self, count: int) -> None:
        zones = [zone for _name, zone, _weekend, _holidays in PLACES]
        for number, (city, zone, weekend, holidays) in enumerate(PLACES):
            name = f"{self.name}{city}"
            team = Team.objects.create(name=name)
            self.places.append(Place(team, zone, weekend, {dt.date.fromisoformat(day): EVE - DAY for day in holidays}))
            some = count * 3 // 11
            pools = ["governance_lead"] * 3 + ["technical_owner"] * some + ["business_owner"] * some
            for index, pool in enumerate([*pools, *["member"] * count][:count]):
                where = self.random.choice(zones) if index % 4 == 3 else zone
                self._person(f"{name} {index}", "" if where == "UTC" and index % 2 else where, number, pool)
        self.administrators = [self._person(f"{self.name}Administrator {n}", "", -1, "administrator") for n in range(2)]
        User.objects.bulk_create(row.user for row in self.people)
        Membership.objects.bulk_create(
            Membership(team=self.places[row.place].team, user=row.user, role=row.pool)
            for row in self.people
            if row.place >= 0
        )
        for place in self.places:
            rows = [{"date": day, "name": "Holiday"} for day in place.holidays]
            values: dict[str, Any] = {"time_zone": place.zone, "weekend": place.weekend, "holidays": rows}
            lead = self.pool(self.places.index(place), "governance_lead")[0]
            place.calendar = operations.make_team_calendar(place.team, by=lead.user, **values)

    def _person(self, name: str, zone: str, place: int, pool: str) -> Person:
        email = f"{name.lower().replace(' ', '.')}@year.example"
        role = pool if pool == "administrator" else ""
        user = User(email=email, name=name, time_zone=zone, organisation_role=role, password="!")
        user.credential = "year"
        person = Person(user, zone or "UTC", place, pool)
        self.people.append(person)
        return person

    def pool(self, place: int, pool: str, moment: dt.datetime = EVE) -> list[Person]:
        return [row for row in self.people if row.place == place and row.pool == pool and row.is_here(moment)]

    def want_no_mails(self, besides: Iterable[Person]) -> None:
        kept = set(besides)
        Preference.objects.bulk_create(
            Preference(user=row.user, group=group, way=Preference.Way.OFF)
            for row in self.people
            if row not in kept
            for group in preferences.GROUPS
        )

    def launch(self, count: int, daily: int, starts_on: dt.date | None = None) -> None:
        """Put so many use cases into production, each with three owners and reviews from a day on.

        The first ``daily`` of them are looked at daily too.
        """
        with replay(EVE):
            for number in range(count):
                place = len(self.cases) % len(self.places)
                lead = self.pool(place, "governance_lead")[0]
                made = usecases.create_use_case(
                    self.places[place].team,
                    by=lead.user,
                    name=f"Case {len(self.cases)}",
                    summary="Sorts questions",
                    task="Name the intent of a question.",
                    risk_tier="medium",
                )
                UseCase.objects.filter(pk=made.pk).update(phase=Phase.PRODUCTION)
                case = Case(UseCase.objects.select_related("team").get(pk=made.pk), place)
                self.cases.append(case)
                for seat in SEATS:
                    self._seat(case, seat, lead)
                day = starts_on or (FIRST + self.random.randrange(20, 120) * DAY if number % 7 == 6 else FIRST)
                for cadence in CADENCES[number >= daily :]:
                    row = operations.plan_reviews(case.row, cadence, by=lead.user, starts_on=day)
                    self.plans.append(Plan(row, case, day))

    def _seat(self, case: Case, seat: str, lead: Person) -> None:
        pool = self.pool(case.place, seat.replace("governance_owner", "governance_lead"))
        holder, deputy = self.random.sample(pool, 2)
        second = deputy if self.random.random() < 0.7 else None
        name_holder(case.ref, seat, holder.user, by=lead.user, deputy=second.user if second else None)
        case.spells[seat] = [Spell(EVE, holder, second)]
