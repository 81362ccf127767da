"""Lineage: what went into what, entered by hand, by programs, and by runs that report themselves."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core import access, clock, subjects
from apps.core.errors import NameTaken, NotFound
from apps.core.subjects import SubjectRef
from apps.core.transactions import atomic
from apps.datasets.errors import (
    LineageCircle,
    LineageImpossible,
    LineageStands,
    LineageWithdrawn,
    RunOfAnotherJob,
)
from apps.datasets.lineage import registry
from apps.datasets.lineage.openlineage import FINAL, NamedDataset, RunReport, read_event
from apps.datasets.lineage.walking import announce_downstream, walk
from apps.datasets.models import (
    DatasetVersion,
    EdgeWithdrawal,
    LineageEdge,
    LineageNode,
    RunEvent,
    Source,
)
from apps.datasets.refs import node_ref, source_ref, version_ref
from apps.ledger.actions import record_on
from apps.people.models import Team, User

How = LineageEdge.How
Kind = LineageNode.Kind
OURS = "fourgate"


def _hold(team: Team) -> None:
    """Let one change of a team's lineage wait for the other, so that two can't close a circle together."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)


@atomic
def record_node(
    team: Team,
    kind: str,
    name: str,
    *,
    by: User,
    namespace: str = "",
    description: str = "",
    digest: str = "",
) -> LineageNode:
    """Name an extract, a transformation run or a dataset outside; raise ``NameTaken`` when it stands already."""
    access.require(by, "lineage.record", team.pk)
    _hold(team)
    name, namespace = name.strip(), namespace.strip()
    standing = LineageNode.objects.filter(team=team, kind=kind, namespace=namespace, name=name, run_id=None).first()
    if standing is not None:
        raise NameTaken(
            _("“%(name)s” is recorded already. Use that one.") % {"name": name},
            errors={"/name": [_("This is recorded already.")]},
            extra={"node": str(standing.pk)},
        )
    node = LineageNode.objects.create(
        team=team,
        kind=kind,
        namespace=namespace,
        name=name,
        description=description.strip(),
        digest=digest,
        recorded_by=by,
    )
    record_on(
        "lineage.node_recorded",
        by=by,
        ref=node_ref(node),
        obj=node,
        payload={"kind": kind, "namespace": namespace, "name": name, "digest": digest},
    )
    return node


@atomic
def record_edge(
    input: SubjectRef,
    output: SubjectRef,
    *,
    by: User,
    how: str = How.HAND,
    job: str = "",
    happened_at: dt.datetime | None = None,
    split: str = "",
    note: str = "",
) -> LineageEdge:
    """Record that one thing went into another (into one split of a version, where ``split`` says so).

    Both must be visible to ``by``; the team is the output's. Raise ``LineageImpossible``, ``LineageCircle`` or
    ``LineageStands``.
    """
    known = registry.kinds()
    for pointer, ref in (("/input", input), ("/output", output)):
        if ref.type not in known:
            raise LineageImpossible(
                _("No lineage is kept of %(type)s. Known: %(known)s.")
                % {"type": ref.type, "known": ", ".join(sorted(known))},
                errors={pointer: [_("No lineage is kept of this.")]},
            )
    taken, made = subjects.get(input, by), subjects.get(output, by)
    team = subjects.kind(output.type).team(made)
    access.require(by, "lineage.record", team.pk)
    _hold(team)
    label, from_label = subjects.kind(output.type).label(made), subjects.kind(input.type).label(taken)
    if not known[output.type].takes_input:
        raise LineageImpossible(
            _("“%(name)s” is a source: data begins there. Record what came out of it.") % {"name": label},
            errors={"/output": [_("A source is where data begins.")]},
        )
    _check_split(made, split)
    if input == output or input in walk([output], "down").objects:
        raise LineageCircle(
            _("“%(input)s” was made from “%(output)s” itself; it can't have gone into it.")
            % {"input": from_label, "output": label}
        )
    _check_new(input, output, split, job.strip())
    edge = LineageEdge.objects.create(
        team=team,
        input_type=input.type,
        input_id=input.id,
        output_type=output.type,
        output_id=output.id,
        split=split,
        job=job.strip(),
        happened_at=happened_at,
        how=how,
        note=note.strip(),
        recorded_by=by,
    )
    record_on("lineage.recorded", by=by, ref=output, obj=made, payload=_payload(edge, from_label))
    announce_downstream([output], "lineage.recorded")
    return edge


def _payload(edge: LineageEdge, from_label: str) -> dict[str, Any]:
    return {
        "edge": str(edge.pk),
        "input": str(edge.input),
        "input_label": from_label,
        "split": edge.split,
        "job": edge.job,
        "happened_at": edge.happened_at.isoformat() if edge.happened_at else None,
        "how": edge.how,
        "note": edge.note,
    }


def _check_split(made: Any, split: str) -> None:
    splits = set(made.files.values_list("split", flat=True)) if isinstance(made, DatasetVersion) else set()
    if split and split not in splits:
        raise LineageImpossible(
            _("There is no split “%(split)s” here.") % {"split": split},
            errors={"/split": [_("There is no such split here.")]},
        )


def _check_new(input: SubjectRef, output: SubjectRef, split: str, job: str) -> None:
    standing = (
        LineageEdge.objects.standing()
        .filter(
            input_type=input.type,
            input_id=input.id,
            output_type=output.type,
            output_id=output.id,
            split=split,
            job=job,
        )
        .first()
    )
    if standing is not None:
        raise LineageStands(_("This is recorded already, by the same job."), extra={"edge": str(standing.pk)})


@atomic
def withdraw_edge(edge: LineageEdge, *, by: User, reason: str) -> EdgeWithdrawal:
    """Take back what was recorded wrongly: it stays readable and stops counting."""
    access.require(by, "lineage.record", edge.team_id)
    _hold(edge.team)
    if EdgeWithdrawal.objects.filter(edge=edge).exists():
        raise LineageWithdrawn(_("This was taken back before."))
    withdrawal = EdgeWithdrawal.objects.create(edge=edge, withdrawn_by=by, reason=reason.strip())
    record_on(
        "lineage.withdrawn",
        by=by,
        ref=edge.output,
        payload={"edge": str(edge.pk), "input": str(edge.input), "reason": withdrawal.reason},
    )
    announce_downstream([edge.output], "lineage.withdrawn")
    return withdrawal


@atomic
def report_run(team: Team, event: Any, *, by: User) -> LineageNode:
    """Take one OpenLineage run event in and return its run's node; the same event again changes nothing.

    Events of one ``runId`` add up, in whatever order they come. A dataset is matched, in this order: to a subject
    (namespace ``fourgate``, name ``type:id``), to the version whose digest its version facet states, to the source
    whose location is ``namespace/name``, to the dataset outside of that name; else it becomes one.
    Raise ``RunEventUnreadable`` or ``RunOfAnotherJob``.
    """
    access.require(by, "lineage.record", team.pk)
    report = read_event(event)
    _hold(team)
    run = LineageNode.objects.filter(team=team, run_id=report.run_id).first()
    if run is not None and (run.namespace, run.name) != (report.namespace, report.name):
        raise RunOfAnotherJob(
            _("Run %(run)s belongs to another job than “%(job)s”.") % {"run": report.run_id, "job": report.job},
            errors={"/run/runId": [_("This run belongs to another job.")]},
        )
    if run is None:
        run = LineageNode.objects.create(
            team=team,
            kind=Kind.RUN,
            namespace=report.namespace,
            name=report.name,
            run_id=report.run_id,
            recorded_by=by,
        )
    elif run.events.filter(digest=report.digest).exists():
        return run
    inputs = _matched(team, report.inputs, by)
    outputs = _matched(team, report.outputs, by, writes=True)
    _advance(run, report)
    RunEvent.objects.create(
        run=run,
        event_type=report.event_type,
        event_time=report.event_time,
        producer=report.producer,
        digest=report.digest,
        received_by=by,
    )
    added = _join(run, report, inputs, outputs, by)
    record_on(
        "lineage.run_reported",
        by=by,
        ref=node_ref(run),
        obj=run,
        payload={
            "event_type": report.event_type,
            "event_time": report.event_time.isoformat(),
            "event": report.digest,
            "run_id": str(report.run_id),
            "inputs": [str(ref) for ref in inputs],
            "outputs": [str(ref) for ref in outputs],
            "edges_added": added,
        },
    )
    announce_downstream([node_ref(run)], "lineage.run_reported")
    return run


def _advance(run: LineageNode, report: RunReport) -> None:
    """Move the run's state by one event: an end is not undone by an earlier event that comes late."""
    newest = run.events.order_by("-event_time").values_list("event_time", flat=True).first()
    ended = run.state in FINAL
    is_newer = newest is None or report.event_time >= newest
    if report.state and ((report.state in FINAL and (is_newer or not ended)) or (not ended and is_newer)):
        run.state = report.state
    if report.event_type == "START" or run.started_at is None or report.event_time < run.started_at:
        run.started_at = report.event_time if run.started_at is None else min(run.started_at, report.event_time)
    if report.state in FINAL and run.state == report.state:
        run.ended_at = report.event_time
    run.description = report.description or run.description
    run.details = {**run.details, **report.details}
    run.save(update_fields=["state", "started_at", "ended_at", "description", "details"])


def _matched(team: Team, datasets: Sequence[NamedDataset], by: User, *, writes: bool = False) -> list[SubjectRef]:
    """Return what each dataset of an event is here; unknown ones become datasets outside.

    What the run writes must be in a team whose lineage ``by`` may record.
    """
    digests = {row.digest for row in datasets if row.digest}
    versions = {
        row.digest: version_ref(row)
        for row in DatasetVersion.objects.visible_to(by).filter(dataset__use_case__team=team, digest__in=digests)
    }
    places = {f"{row.namespace}/{row.name}" for row in datasets}
    sources = {row.location: source_ref(row) for row in Source.objects.filter(team=team, location__in=places)}
    outside = _outside(team, datasets)
    named = {row.pointer: _named(row) for row in datasets if row.namespace == OURS}
    seen = subjects.find(named.values(), by)
    found, fresh = [], []
    told = {"created_at": clock.now()} if clock.is_replayed() else {}
    for row in datasets:
        ref: SubjectRef | None
        if row.pointer in named:
            ref = named[row.pointer]
            if ref not in seen:
                raise NotFound(
                    _("%(pointer)s: there is no such thing, or you may not see it.") % {"pointer": row.pointer}
                )
            if writes:
                access.require(by, "lineage.record", subjects.kind(ref.type).team(seen[ref]).pk)
        else:
            ref = (
                versions.get(row.digest)
                or sources.get(f"{row.namespace}/{row.name}")
                or outside.get((row.namespace, row.name))
            )
        if ref is None:
            node = LineageNode(
                team=team,
                kind=Kind.EXTERNAL,
                namespace=row.namespace,
                name=row.name,
                description=row.description,
                details=row.details,
                recorded_by=by,
                **told,
            )
            fresh.append(node)
            ref = node_ref(node)
        found.append(ref)
    LineageNode.objects.bulk_create(fresh)
    return list(dict.fromkeys(found))


def _outside(team: Team, datasets: Sequence[NamedDataset]) -> dict[tuple[str, str], SubjectRef]:
    rows = LineageNode.objects.filter(team=team, kind=Kind.EXTERNAL, name__in={row.name for row in datasets})
    return {(row.namespace, row.name): node_ref(row) for row in rows}


def _named(row: NamedDataset) -> SubjectRef:
    """Return the subject that a dataset in our own namespace names; raise ``NotFound`` for what can't be one."""
    type_, _colon, identifier = row.name.partition(":")
    ref = SubjectRef.parse(type_, identifier)
    if ref.type not in registry.kinds():
        raise NotFound(_("%(pointer)s: no lineage is kept of %(type)s.") % {"pointer": row.pointer, "type": ref.type})
    return ref


def _join(
    run: LineageNode, report: RunReport, inputs: Sequence[SubjectRef], outputs: Sequence[SubjectRef], by: User
) -> int:
    """Record what went into the run and what came out of it, each once; return how many links are new."""
    me = node_ref(run)
    standing = {
        (row.input, row.output)
        for row in LineageEdge.objects.standing().filter(Q(output_id=run.pk) | Q(input_id=run.pk))
    }
    wanted = [*((ref, me) for ref in inputs), *((me, ref) for ref in outputs)]
    rows = [
        LineageEdge(
            team=run.team,
            input_type=start.type,
            input_id=start.id,
            output_type=end.type,
            output_id=end.id,
            job=report.job,
            happened_at=report.event_time,
            how=How.OPENLINEAGE,
            recorded_by=by,
        )
        for start, end in wanted
        if (start, end) not in standing
    ]
    LineageEdge.objects.bulk_create(rows)
    return len(rows)
