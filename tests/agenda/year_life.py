"""What the people of an organisation do from day to day, while the beat runs."""

import datetime as dt
import heapq
import itertools
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from apps.agenda import tasks as agenda_tasks
from apps.core.clock import replay
from apps.operations import actions as operations
from apps.operations import checklist
from apps.operations.actions.performing import FollowUpTerms, ItemAnswer
from apps.operations.models import FollowUp, Review
from apps.owners import actions as owners
from apps.owners.models import Ownership, OwnershipOffer
from apps.people import actions as people
from apps.people.models import Confirmation
from tests.agenda.year import DAY, DAYS, EVE, FIRST, SEATS, Away, Case, Named, Organisation, Person, Place, Plan, Spell

Act = Callable[[dt.datetime], None]


class Life(Organisation):
    """An organisation whose time passes. ``opened`` and ``performed`` say when a review was, ``named`` what came up."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.opened: dict[uuid.UUID, dt.datetime] = {}
        self.performed: dict[uuid.UUID, dt.datetime] = {}
        self._queue: list[tuple[dt.datetime, int, Act]] = []
        self._count = itertools.count()

    def at(self, moment: dt.datetime, act: Act, second: int = 30) -> None:
        """Have something happen at a moment, half a second off so that it is never that of a tick.

        What another thing may not coincide with has a ``second`` of its own.
        """
        moment = moment.replace(second=second, microsecond=500_000)
        heapq.heappush(self._queue, (moment, next(self._count), act))

    def play(self, ticks: Iterable[dt.datetime], look: Act) -> None:
        """Let the time pass: at each tick the beat runs after what people did since the one before.

        Twenty minutes later the mails are looked at again, for a digest leaves a quarter past eight.
        """
        before = EVE - DAY
        places = {plan.row.pk: number for number, plan in enumerate(self.plans)}
        for tick in ticks:
            while self._queue and self._queue[0][0] < tick:
                moment, _number, act = heapq.heappop(self._queue)
                with replay(moment):
                    act(moment)
            with replay(tick):
                look(tick)
            self.at(tick + dt.timedelta(minutes=20), lambda moment: agenda_tasks.mail(), second=40)
            opened = Review.objects.filter(opens_at__gt=before, opens_at__lte=tick).whole()
            for review in sorted(opened, key=lambda row: (places[row.plan_id], row.first_day)):
                self.opened[review.pk] = tick
                self._decide(review, tick)
            before = tick

    def live(self, leavers: int, handovers: int, endings: int) -> None:
        """Draw what happens in the year besides reviews."""
        noon = dt.time(12)
        for person in self.people:
            for _number in range(self.random.choice((1, 2, 2, 3))):
                first = FIRST + self.random.randrange(DAYS) * DAY
                last = first + (self.random.choice((1, 2, 5, 5, 10, 14)) - 1) * DAY
                is_ill = self.random.random() < 0.15 and person.pool == "business_owner"
                known = dt.datetime.combine(first if is_ill else first - 7 * DAY, dt.time(6, 40), dt.UTC)
                self.at(max(known, EVE), self._absence(person, first, last))
        holding = [row for row in self.people if row.pool in ("technical_owner", "business_owner")]
        leaving = [*self.random.sample(holding, leavers - 1), self.pool(1, "governance_lead")[2]]
        for person in leaving:
            self.at(dt.datetime.combine(self._day(40, 320), noon, dt.UTC), self._leave(person))
        for _number in range(handovers):
            case, seat = self.random.choice(self.cases), self.random.choice(SEATS)
            self.at(dt.datetime.combine(self._day(5, 350), dt.time(9, 40), dt.UTC), self._offer(case, seat))
        for plan in self.random.sample(self.plans, endings):
            self.at(dt.datetime.combine(self._day(150, 330), dt.time(14, 10), dt.UTC), self._end(plan))
        self.at(dt.datetime(2026, 6, 10, 9, tzinfo=dt.UTC), self._declare(self.places[0], dt.date(2026, 8, 31)))

    def _day(self, least: int, most: int) -> dt.date:
        return FIRST + self.random.randrange(least, most) * DAY

    def _absence(self, person: Person, first: dt.date, last: dt.date) -> Act:
        def act(moment: dt.datetime) -> None:
            if person.is_here(moment):
                people.record_absence(person.user, first, last, by=person.user)
                person.away.append(Away(first, last, moment))

        return act

    def _declare(self, place: Place, day: dt.date) -> Act:
        def act(moment: dt.datetime) -> None:
            place.holidays[day] = moment
            rows = [{"date": row, "name": "Holiday"} for row in place.holidays]
            lead = self.pool(self.places.index(place), "governance_lead", moment)[0]
            operations.edit_team_calendar(place.calendar.pk, by=lead.user, revision=1, holidays=rows)

        return act

    def _end(self, plan: Plan) -> Act:
        def act(moment: dt.datetime) -> None:
            lead = self.pool(plan.case.place, "governance_lead", moment)[0]
            operations.end_plan(plan.row, by=lead.user, reason="It is not used any more")
            plan.ended_at = moment

        return act

    def _leave(self, person: Person) -> Act:
        def act(moment: dt.datetime) -> None:
            people.deactivate(person.user, by=self.administrators[0].user)
            person.user.is_active, person.left_at = False, moment
            for case in self.cases:
                for seat in SEATS:
                    spell = case.spell(seat, moment)
                    if spell is not None and spell.holder is person:
                        spell.until = moment
                        self.at(moment + 3 * DAY, self._offer(case, seat))
                    elif spell is not None and spell.deputy is person:
                        spell.until = moment
                        case.spells[seat].append(Spell(moment, spell.holder, None))
            for row in self.named:
                ended = row.replaces is not None and row.replaces.holder is person
                if row.seat and row.ends is None and (ended or person in (row.person, row.deputy)):
                    row.ends = moment

        return act

    def _offer(self, case: Case, seat: str) -> Act:
        def act(moment: dt.datetime) -> None:
            spell = case.spell(seat, moment)
            if any(row.case is case and row.seat == seat and row.ends is None for row in self.named):
                return
            lead, *_others = self.pool(case.place, "governance_lead", moment)
            pool = self.pool(case.place, seat.replace("governance_owner", "governance_lead"), moment)
            pool = [row for row in pool if row is not lead and (spell is None or row is not spell.holder)]
            if not pool:
                return
            to, *more = self.random.sample(pool, min(2, len(pool)))
            deputy = more[0] if more and self.random.random() < 0.6 else None
            values = {"by": lead.user, "deputy": deputy.user if deputy else None}
            if spell is None:
                offer = owners.offer(case.ref, seat, to.user, **values)
            else:
                held = Ownership.objects.active().on(case.ref).select_related("team").get(responsibility=seat)
                offer = owners.hand_over(held, to.user, **values)
            due_at = moment + 5 * DAY
            asked = Named(f"offer.{seat}", case.row.pk, case, to, due_at, moment, None, seat, deputy, spell)
            self.named.append(asked)
            self.at(moment + self.random.uniform(0.1, 12) * DAY, self._answer(offer, asked))

        return act

    def _answer(self, offer: OwnershipOffer, asked: Named) -> Act:
        def act(moment: dt.datetime) -> None:
            if asked.ends is not None:
                return
            asked.ends = moment
            if self.random.random() < 0.2:
                owners.decline(offer, by=asked.person.user, reason="I have no time for it")
                if asked.case.spell(asked.seat, moment) is None:
                    self.at(moment + DAY, self._offer(asked.case, asked.seat))
                return
            owners.accept(offer, by=asked.person.user)
            spell = asked.case.spell(asked.seat, moment)
            if spell is not None:
                spell.until = moment
            asked.case.spells[asked.seat].append(Spell(moment, asked.person, asked.deputy))

        return act

    def _acting(self, case: Case, seat: str, moment: dt.datetime) -> Person | None:
        """Return who would do it: the holder, or the deputy of one who is away, unless they are away too."""
        spell = case.spell(seat, moment)
        asked = () if spell is None else (spell.holder, spell.deputy)
        return next((row for row in asked if row is not None and not row.is_away(moment)), None)

    def _decide(self, review: Review, tick: dt.datetime) -> None:
        """Draw what becomes of a review that was opened: performed in time, late, or never."""
        drawn = self.random.random()
        if drawn >= 0.85:
            return
        start, end = (tick, review.due_at) if drawn < 0.7 else (review.due_at, review.lapses_at)
        moment = start + (end - start) * self.random.uniform(0.02, 0.97)
        self.at(moment, self._perform(review))

    def _perform(self, review: Review) -> Act:
        def act(moment: dt.datetime) -> None:
            case = next(row.case for row in self.plans if row.row.pk == review.plan_id)
            by = self._acting(case, review.responsibility, moment)
            if by is None or not review.opens_at <= moment < review.lapses_at:
                return
            confirmation = Confirmation.objects.create(
                user=by.user, credential="year", method="password", expires_at=moment + dt.timedelta(minutes=10)
            )
            shown, terms = checklist.read(review), self._terms(case, review, moment)
            done = operations.perform_review(
                review,
                by=by.user,
                shown=shown.digest,
                answers={name: ItemAnswer("ok") for name in shown.ids},
                outcome="follow_up" if terms else "fine",
                follow_up=terms,
                confirmation_id=confirmation.pk,
            )
            self.performed[review.pk] = moment
            if terms:
                self._follow(case, done, moment)

        return act

    def _terms(self, case: Case, review: Review, moment: dt.datetime) -> FollowUpTerms | None:
        if self.random.random() > 0.03:
            return None
        owner = self.random.choice(self.pool(case.place, "technical_owner", moment))
        return FollowUpTerms("Mend the prompt", owner.user, moment.date() + self.random.randrange(2, 15) * DAY)

    def _follow(self, case: Case, review: Review, moment: dt.datetime) -> None:
        row = FollowUp.objects.select_related("review__plan__use_case__team", "owner").get(review=review)
        person = next(found for found in self.people if found.user.pk == row.owner_id)
        owed = Named(f"follow_up.{row.pk}", review.pk, case, person, row.due_at, moment)
        self.named.append(owed)

        def settle(moment: dt.datetime) -> None:
            by = person if person.is_here(moment) else self._acting(case, review.responsibility, moment)
            row.owner.is_active = person.is_here(moment)
            if by is None:
                self.at(moment + DAY, settle)
                return
            operations.settle_follow_up(row, by=by.user, note="Done")
            owed.ends = moment

        self.at(moment + (row.due_at - moment) * self.random.uniform(0.2, 2.5) + dt.timedelta(minutes=1), settle)
