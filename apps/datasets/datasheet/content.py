"""What a datasheet says, read from records."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.sheets import Section, Sheet
from apps.core.templatetags.fourgate import thousands
from apps.datasets.lineage.surroundings import Surroundings, Thing, surroundings
from apps.datasets.models import DatasetVersion, Description, Source, SplitFile
from apps.datasets.refs import dataset_ref, version_ref
from apps.evidence import facts as registry
from apps.evidence.facts import Fact, FactDefinition
from apps.evidence.kinds import DOCUMENT_KINDS
from apps.evidence.models import Document
from apps.owners import holders
from apps.owners.responsibilities import RESPONSIBILITIES, required_on

MOST_UPSTREAM = 100
PROBLEMS = (
    ("dataset.files", "missing_files"),
    ("dataset.empty_fields", "empty_inputs"),
    ("dataset.empty_fields", "empty_labels"),
    ("dataset.duplicates", "normalised_rows"),
    ("dataset.split_leakage", "normalised_rows"),
    ("dataset.label_conflicts", "conflicting_inputs"),
    ("dataset.sources", "ineligible_sources"),
    ("dataset.sources", "undecided_sources"),
    ("dataset.lineage", "untraced_splits"),
    ("dataset.lineage", "ineligible_sources"),
)


@dataclass(frozen=True, slots=True)
class Owner:
    responsibility: str
    name: str


@dataclass(frozen=True, slots=True)
class Datasheet:
    """A version's records as the reader may see them at one moment; ``sections`` puts them into words."""

    version: DatasetVersion
    files: tuple[SplitFile, ...]
    sources: tuple[Source, ...]
    owners: tuple[Owner, ...]
    vacancies: tuple[str, ...]
    facts: tuple[tuple[FactDefinition, Fact], ...]
    documents: tuple[Document, ...]
    upstream: Surroundings
    described: dict[str, Any]
    columns: tuple[str, ...]
    made_at: dt.datetime

    @property
    def title(self) -> str:
        return _("Datasheet of %(version)s") % {"version": self.version}

    @property
    def url(self) -> str:
        path = reverse("datasets:version_detail", args=[self.version.pk])
        return str(settings.PUBLIC_URL).rstrip("/") + path

    @property
    def description(self) -> str:
        return self.version.dataset.description or str(self.version.dataset.use_case.task) or str(self.version)

    @property
    def licences(self) -> list[str]:
        """The licences or terms of the sources and of the metadata taken over; never empty."""
        found = [row.licence for row in self.sources] + [self.described.get("licence", "")]
        return list(dict.fromkeys(text for text in found if text)) or [_("Not stated")]

    @property
    def creators(self) -> list[str]:
        return list(self.described.get("creators", ())) or [self.version.team.name]

    @property
    def parents(self) -> list[Thing]:
        return [row for row in self.upstream.things if row.side == "up"][:MOST_UPSTREAM]

    def problems(self) -> list[str]:
        """Return the sentences of the facts that name a problem, what is not known, and what nobody answers for."""
        known = {fact.name: fact for _definition, fact in self.facts}
        wrong = {
            name for name, figure in PROBLEMS if name in known and known[name].figures.get(figure, 0) not in (0, False)
        }
        found = [fact.sentence for _definition, fact in self.facts if fact.name in wrong]
        found += [
            f"{definition.title}: {fact.sentence}"
            for definition, fact in self.facts
            if fact.status in ("failed", "pending")
        ]
        if self.vacancies:
            found.append(_("Nobody answers for: %(names)s.") % {"names": ", ".join(self.vacancies)})
        return list(dict.fromkeys(found))

    def sections(self) -> list[Section]:
        return [
            self._about(),
            self._owners(),
            self._sources(),
            self._excluded(),
            self._lineage(),
            self._splits(),
            self._facts(),
            Section("problems", _("Known problems"), sentences=tuple(self.problems() or [_("None is known.")])),
            self._documents(),
        ]

    def sheet(self) -> Sheet:
        return Sheet(self.title, self.version.digest, self.version.team.name, self.made_at, tuple(self.sections()))

    def _about(self) -> Section:
        version, said = self.version, self.described
        rows = [
            (_("Dataset"), version.dataset.name),
            (_("Version"), str(version.number)),
            (_("What it is"), self.description),
            (_("What is new"), version.note),
            (_("Made for"), f"{version.dataset.use_case.name}: {version.dataset.use_case.task}"),
            (_("Team"), version.team.name),
            (_("Licence or terms"), ", ".join(self.licences)),
            (_("Creators"), ", ".join(self.creators)),
            (_("Languages"), ", ".join(said.get("languages", ()))),
            (_("Tasks"), ", ".join(said.get("tasks", ()))),
            (_("Size as published"), said.get("size", "")),
            (_("Rows"), str(thousands(version.rows))),
            (_("Input column"), version.input_column),
            (_("Label column"), version.label_column),
            (_("Registered by"), version.registered_by.name),
            (_("Registered on"), _day(version.created_at)),
            (_("Content digest"), version.digest),
            (_("Address"), self.url),
        ]
        return Section("about", _("About"), tuple((name, text) for name, text in rows if text))

    def _owners(self) -> Section:
        rows = [(row.responsibility, row.name) for row in self.owners]
        rows += [(name, _("Vacant")) for name in self.vacancies]
        return Section("owners", _("Who answers for it"), tuple(rows), sentences=() if rows else (_("Nobody yet."),))

    def _sources(self) -> Section:
        headings = (
            _("Source"), _("Kind"), _("Where"), _("Owner"), _("Licence"), _("Authoritative"), _("Period"),
            _("Eligible for training"),
        )  # fmt: skip
        table = tuple(
            (
                row.name,
                str(row.get_kind_display()),
                row.location or "–",
                source_owner(row) or "–",
                row.licence or "–",
                _("yes") if row.is_authoritative else _("no"),
                _period(row),
                eligibility(row),
            )
            for row in self.sources
        )
        return Section(
            "sources",
            _("Where it comes from"),
            headings=headings if table else (),
            table=table,
            sentences=() if table else (_("No source is declared."),),
        )

    def _excluded(self) -> Section:
        table = [(row.name, pair["what"], pair["why"] or "–") for row in self.sources for pair in row.excluded] + [
            (row.name, row.exclusions, "–") for row in self.sources if row.exclusions
        ]
        return Section(
            "excluded",
            _("What is left out"),
            headings=(_("Source"), _("What"), _("Why")) if table else (),
            table=tuple(table),
            sentences=() if table else (_("Nothing is declared as left out."),),
        )

    def _lineage(self) -> Section:
        sentence = next((fact.sentence for _row, fact in self.facts if fact.name == "dataset.lineage"), "")
        table = tuple(
            (
                row.input.label,
                row.output.label + (f" ({row.link.split})" if row.link.split else ""),
                row.link.job or "–",
                _day(row.at) if row.at else "–",
                str(row.link.how_title),
            )
            for row in self.upstream.passages[:MOST_UPSTREAM]
        )
        return Section(
            "lineage",
            _("Lineage"),
            headings=(_("From"), _("Into"), _("By"), _("When"), _("How it is known")) if table else (),
            table=table,
            sentences=(sentence,) if sentence else (),
        )

    def _splits(self) -> Section:
        table = tuple(
            (str(row.get_split_display()), row.name, str(thousands(row.rows)), f"{row.size:,}", row.digest)
            for row in self.files
        )
        reason = self.version.fewer_splits_reason
        return Section(
            "splits",
            _("Splits"),
            headings=(_("Split"), _("File"), _("Rows"), _("Bytes"), _("Digest")),
            table=table,
            sentences=(_("Why fewer than three: %(why)s") % {"why": reason},) if reason else (),
        )

    def _facts(self) -> Section:
        return Section(
            "facts",
            _("What the machine found"),
            tuple((str(definition.title), fact.sentence) for definition, fact in self.facts),
        )

    def _documents(self) -> Section:
        table = tuple(
            (row.title, str(DOCUMENT_KINDS[row.kind].title) if row.kind in DOCUMENT_KINDS else row.kind, row.digest)
            for row in self.documents
        )
        return Section(
            "documents",
            _("Documents"),
            headings=(_("Document"), _("Kind"), _("Digest")) if table else (),
            table=table,
            sentences=() if table else (_("None is attached."),),
        )


def _day(value: dt.date) -> str:
    return date_format(value, "j M Y")


def _period(source: Source) -> str:
    first, last = (_day(day) if day else "" for day in (source.covers_from, source.cut_off))
    if first and last:
        return f"{first} – {last}"
    return _("from %(day)s") % {"day": first} if first else _("until %(day)s") % {"day": last} if last else "–"


def source_owner(source: Source) -> str:
    """Return who answers for the source: the person of the team, the system's own owner, or both."""
    names = [source.owner.name if source.owner else "", source.owner_name]
    return ", ".join(dict.fromkeys(name for name in names if name))


def eligibility(source: Source) -> str:
    title = str(source.get_eligibility_display())
    return f"{title}: {source.eligibility_reason}" if source.eligibility_reason else title


def _seats(version: DatasetVersion) -> tuple[list[Owner], list[str]]:
    held = holders.holders(version_ref(version))
    names = [*(row.key for row in required_on("use_case")), *(row.key for row in required_on("dataset"))]
    asked: Iterable[str] = dict.fromkeys([*names, *held])
    owners = [Owner(str(RESPONSIBILITIES[key].title), held[key].holder.name) for key in asked if key in held]
    return owners, [str(RESPONSIBILITIES[key].title) for key in asked if key not in held]


def read(version: DatasetVersion, user: Any) -> Datasheet:
    """Return the datasheet as the user may see it; a constant number of queries for any number of rows of a kind."""
    ref = version_ref(version)
    known = registry.definitions("dataset_version")
    found = registry.read(ref, version)
    owners, vacancies = _seats(version)
    described = (
        Description.objects.filter(dataset=version.dataset, state=Description.State.TAKEN)
        .order_by("-decided_at")
        .first()
    )
    inspected = (version.inspection.findings or {}).get("shape", {}).get("splits", {})
    columns = dict.fromkeys(str(name) for split in inspected.values() for name in split.get("columns", ()))
    if not columns:
        columns = dict.fromkeys(name for name in (version.input_column, version.label_column) if name)
    return Datasheet(
        version,
        tuple(version.files.all()),
        tuple(version.dataset.sources.select_related("owner").order_by("name")),
        tuple(owners),
        tuple(vacancies),
        tuple((known[name], fact) for name, fact in found.items() if fact.status != "unknown"),
        tuple(Document.objects.on(ref, dataset_ref(version.dataset)).standing().order_by("kind", "id")),
        surroundings(ref, user, down=False),
        described.recognised if described else {},
        tuple(columns),
        now(),
    )
