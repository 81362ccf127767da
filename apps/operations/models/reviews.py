"""The review rhythm: a team's calendar, what is planned, the reviews themselves, and what followed from them."""

import datetime as dt
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.models import Editable, Record
from apps.core.querysets import TeamOwned, TeamOwnedQuerySet
from apps.core.subjects import SubjectRef
from apps.operations.working_days import Period, WorkingDays
from apps.owners.responsibilities import title as title_of
from apps.people.four_eyes import RuleVersion, rule_constraints
from apps.people.models import Team, User
from apps.usecases.models import UseCase


class Cadence(models.TextChoices):
    DAILY = "daily", lazy("Daily")
    WEEKLY = "weekly", lazy("Weekly")
    MONTHLY = "monthly", lazy("Monthly")
    QUARTERLY = "quarterly", lazy("Quarterly")


class ReviewState(models.TextChoices):
    OPEN = "open", lazy("Open")
    PERFORMED = "performed", lazy("Performed")
    MISSED = "missed", lazy("Missed")


class Outcome(models.TextChoices):
    FINE = "fine", lazy("Fine")
    FOLLOW_UP = "follow_up", lazy("Follow-up")
    CALL = "call", lazy("Call")


class ReviewTemplate(RuleVersion):
    """The checklist of one cadence, as YAML; immutable once published."""

    class Meta(RuleVersion.Meta):
        constraints = rule_constraints("review_template")


class TeamCalendar(Editable, TeamOwned):
    """When a team works: its time zone, its weekend (1 is Monday, 7 Sunday), its holidays with date and name."""

    TEAM_PATH: ClassVar[str] = "team_id"

    team = models.OneToOneField(Team, on_delete=models.PROTECT, related_name="calendar", verbose_name=lazy("team"))
    time_zone = models.CharField(lazy("time zone"), max_length=60)
    weekend = ArrayField(models.PositiveSmallIntegerField(), default=list, verbose_name=lazy("weekend"))
    holidays = models.JSONField(lazy("holidays"), default=list, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return _("Calendar of %(team)s") % {"team": self.team.name}

    @property
    def working_days(self) -> WorkingDays:
        return WorkingDays(
            ZoneInfo(self.time_zone),
            frozenset(self.weekend),
            {dt.date.fromisoformat(row["date"]): row["name"] for row in self.holidays},
        )


class ReviewPlan(Record, TeamOwned):
    """That reviews of one cadence take place for a use case, from a day on, by the calendar of its team.

    ``covered_until`` is the last day for which reviews were opened, ``next_at`` when the next period begins; both are
    moved by ``ensure_reviews`` alone.
    """

    TEAM_PATH: ClassVar[str] = "use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("use_case_id",)

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="review_plans")
    cadence = models.CharField(lazy("cadence"), max_length=10, choices=Cadence)
    starts_on = models.DateField(lazy("first day"))
    covered_until = models.DateField()
    next_at = models.DateTimeField(null=True)
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_on = models.DateField(lazy("last day"), null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ending_reason = models.CharField(lazy("why it ended"), max_length=500, blank=True)

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["use_case", "cadence"], condition=models.Q(ended_on=None), name="one_plan_per_cadence"
            ),
            models.CheckConstraint(condition=models.Q(cadence__in=Cadence.values), name="known_review_cadence"),
            models.CheckConstraint(
                condition=models.Q(ended_on=None, ended_by=None)
                | models.Q(ended_on__isnull=False, ended_by__isnull=False, next_at=None),
                name="ended_plan_says_by_whom",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="review_plan_next"),
        ]

    def __str__(self) -> str:
        return _("%(cadence)s review of %(use_case)s") % {
            "cadence": self.get_cadence_display(),
            "use_case": self.use_case.name,
        }

    @property
    def team(self) -> Team:
        return self.use_case.team

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef("review_plan", self.pk)


class ReviewQuerySet(TeamOwnedQuerySet["Review"]):
    def whole(self) -> "ReviewQuerySet":
        """Read along what names a review."""
        return self.select_related("plan__use_case__team", "template", "performed_by")

    def open(self) -> "ReviewQuerySet":
        return self.filter(state=ReviewState.OPEN)


class Review(Record, TeamOwned):
    """One review of one period: opened when the period begins, then performed or missed, and unchanged from then on.

    The period's days are the team's. It is due until ``due_at`` and counts as missed from ``lapses_at`` on.
    ``body`` is what was signed, as canonical JSON, ``digest`` its SHA-256.
    """

    TEAM_PATH: ClassVar[str] = "plan__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("plan__use_case_id",)

    plan = models.ForeignKey(ReviewPlan, on_delete=models.PROTECT, related_name="reviews")
    template = models.ForeignKey(ReviewTemplate, on_delete=models.PROTECT, related_name="+")
    first_day = models.DateField(lazy("first day"))
    last_day = models.DateField(lazy("last day"))
    time_zone = models.CharField(max_length=60)
    opens_at = models.DateTimeField()
    due_at = models.DateTimeField(lazy("due"))
    lapses_at = models.DateTimeField()
    responsibility = models.CharField(max_length=40)
    state = models.CharField(lazy("state"), max_length=10, choices=ReviewState, default=ReviewState.OPEN)
    performed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    performed_at = models.DateTimeField(null=True)
    missed_at = models.DateTimeField(null=True)
    outcome = models.CharField(lazy("outcome"), max_length=10, choices=Outcome, blank=True)
    notes = models.TextField(lazy("notes"), max_length=4000, blank=True)
    body = models.TextField(blank=True)
    digest = models.CharField(max_length=71, blank=True)
    signature = models.TextField(blank=True)
    confirmed_by = models.CharField(max_length=40, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "first_day"], name="one_review_per_period"),
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day"))
                & models.Q(due_at__gt=models.F("opens_at"), lapses_at__gte=models.F("due_at")),
                name="review_due_after_it_opens",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state="open",
                    performed_by=None,
                    performed_at=None,
                    missed_at=None,
                    outcome="",
                    notes="",
                    body="",
                    digest="",
                    signature="",
                    confirmed_by="",
                )
                | models.Q(
                    state="missed",
                    performed_by=None,
                    performed_at=None,
                    missed_at__gte=models.F("lapses_at"),
                    outcome="",
                    notes="",
                    body="",
                    digest="",
                    signature="",
                    confirmed_by="",
                )
                | models.Q(
                    state="performed",
                    performed_by__isnull=False,
                    performed_at__gte=models.F("opens_at"),
                    performed_at__lt=models.F("lapses_at"),
                    missed_at=None,
                    outcome__in=["fine", "follow_up", "call"],
                    digest__startswith="sha256:",
                ),
                name="review_performed_in_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["lapses_at"], condition=models.Q(state="open"), name="review_lapses"),
            models.Index(fields=["due_at"], condition=models.Q(state="open"), name="review_due"),
            models.Index(fields=["due_at", "id"], name="review_by_due"),
        ]

    def __str__(self) -> str:
        return _("%(plan)s, %(period)s") % {"plan": self.plan, "period": self.period}

    @property
    def period(self) -> str:
        """Name the period: its day, or its first and last one."""
        return str(Period(self.first_day, self.last_day))

    @property
    def due_day(self) -> dt.date:
        """Return the day of the team by whose end it is due."""
        return (self.due_at - dt.timedelta(microseconds=1)).astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def team(self) -> Team:
        return self.plan.use_case.team

    @property
    def ref(self) -> SubjectRef:
        return SubjectRef("review", self.pk)

    @property
    def responsibility_title(self) -> Any:
        return title_of(self.responsibility)


class FollowUp(Record, TeamOwned):
    """What a review found is to be done: by whom, until which day of the team, and whether it was."""

    TEAM_PATH: ClassVar[str] = "review__plan__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("review__plan__use_case_id",)

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="follow_up")
    what = models.CharField(lazy("what is to be done"), max_length=1000)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(lazy("until"))
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    done_note = models.CharField(lazy("what was done"), max_length=2000, blank=True)

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done_at=None, done_by=None, done_note="")
                | models.Q(done_at__isnull=False, done_by__isnull=False),
                name="follow_up_done_by_somebody",
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(done_at=None), name="follow_up_due"),
            models.Index(fields=["owner"], condition=models.Q(done_at=None), name="follow_up_owner"),
        ]

    def __str__(self) -> str:
        return self.what[:120]

    @property
    def team(self) -> Team:
        return self.review.team


class ReviewComment(Record, TeamOwned):
    """A note on a review that is closed; a late one on a missed review leaves it missed."""

    TEAM_PATH: ClassVar[str] = "review__plan__use_case__team_id"
    GRANT_PATHS: ClassVar[tuple[str, ...]] = ("review__plan__use_case_id",)

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="comments")
    text = models.CharField(lazy("note"), max_length=2000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[Any] = TeamOwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.text[:120]


class ReviewFeed(Record):
    """The address of one person's calendar feed: whoever has its token reads it, so only its digest is kept."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="review_feed")
    token_digest = models.CharField(max_length=71, unique=True)
    renewed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.user)
