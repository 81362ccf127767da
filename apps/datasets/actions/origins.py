"""Files that are declared to be production feedback: every row says where it came from."""

from collections.abc import Iterable, Mapping
from typing import IO, Any, cast

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.datasets.errors import ColumnUnknown, OriginMissing
from apps.datasets.inspection import FileProblem
from apps.datasets.inspection.filled import rows_without
from apps.datasets.models import Dataset, FileOrigin, SplitFile, Upload
from apps.datasets.storage import format_of, unreadable


def require_origins(dataset: Dataset, splits: Mapping[str, Iterable[Any]]) -> None:
    """Read the offered files that are declared as production feedback; raise unless each row says where it came from.

    An upload that can't be used is left to the registration. Raise ``OriginMissing`` with the first rows that lack it,
    ``ColumnUnknown``.
    """
    for offers in splits.values():
        for offer in offers:
            if offer.origin != FileOrigin.PRODUCTION_FEEDBACK:
                continue
            if not offer.origin_column.strip():
                raise OriginMissing(
                    _("Name the column that says of each row where it came from: an output, a ticket or an address."),
                    errors={"/origin_column": [_("Production feedback needs it.")]},
                )
            if offer.upload:
                usable = Upload.objects.filter(state__in=[Upload.State.READY, Upload.State.USED])
                upload = usable.filter(pk=offer.upload, dataset=dataset).first()
                if upload is not None and default_storage.exists(upload.storage_name):
                    _require_filled(upload.name, upload.storage_name, offer.origin_column.strip())
            else:
                _require_filled(offer.storage_key.rsplit("/", 1)[-1], offer.storage_key, offer.origin_column.strip())


def _require_filled(name: str, storage_name: str, column: str) -> None:
    kind, packed = format_of(name)
    try:
        with default_storage.open(storage_name) as file:
            count, first = rows_without(cast(IO[bytes], file), kind, packed, column)
    except KeyError as error:
        raise ColumnUnknown(
            _("%(file)s has no column “%(name)s” that says where its rows come from.") % {"file": name, "name": column},
            errors={"/origin_column": [_("%(file)s has no such column.") % {"file": name}]},
        ) from error
    except FileProblem as problem:
        raise unreadable(name, problem) from problem
    if count:
        rows = ", ".join(map(str, first)) + ("" if count == len(first) else " …")
        raise OriginMissing(
            ngettext(
                "%(n)d row of %(file)s does not say where it comes from in “%(name)s”: %(rows)s. Fill it, or leave it "
                "out.",
                "%(n)d rows of %(file)s do not say where they come from in “%(name)s”: %(rows)s. Fill them, or leave "
                "them out.",
                count,
            )
            % {"n": count, "file": name, "name": column, "rows": rows},
            errors={"/origin_column": [_("Empty in these rows: %(rows)s.") % {"rows": rows}]},
            extra={"file": name, "rows_missing": count, "rows": first},
        )


def declared_before(dataset: Dataset, digests: Iterable[str]) -> dict[str, str]:
    """Return by digest the column of files that the team registered as production feedback; they stay it. One query."""
    rows = SplitFile.objects.filter(
        digest__in=list(digests),
        origin=FileOrigin.PRODUCTION_FEEDBACK,
        version__dataset__use_case__team=dataset.use_case.team_id,
    )
    return dict(rows.values_list("digest", "origin_column"))
