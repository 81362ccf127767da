"""How a dataset's files are read: the columns of a record, and what the inspection looks for."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.core import access, editing, subjects
from apps.core.errors import InvalidInput
from apps.core.transactions import atomic
from apps.datasets.inspection import Policy
from apps.datasets.models import Dataset, RecordShape
from apps.datasets.refs import dataset_ref
from apps.ledger.actions import record_on
from apps.people.models import User

COLUMNS = ("input", "label", "context", "date")
OPEN = ("near_threshold", "near_words", "ignore_punctuation", "stale_days", "rare_rows")


def reading_of(dataset: Dataset) -> dict[str, Any]:
    """Return {"mapping": …, "policy": …} with the usual values where the dataset sets none."""
    usual = Policy().as_dict()
    mapping = {name: dataset.reading.get("mapping", {}).get(name, "") for name in (*COLUMNS, "shape")}
    policy = {name: dataset.reading.get("policy", {}).get(name, usual[name]) for name in OPEN}
    return {"mapping": mapping, "policy": policy}


@atomic
def set_reading(
    pk: uuid.UUID, *, by: User, revision: int | None, mapping: Mapping[str, str], policy: Mapping[str, Any]
) -> Dataset:
    """Remember for later versions which columns are read as what, and for every inspection what to look for.

    An empty column is guessed from the header. Versions that stand keep their mapping; their inspection follows the
    policy when it is asked for again. Raise ``InvalidInput`` for a policy that makes no sense.
    """
    dataset = editing.lock(Dataset.objects.select_related("use_case__team"), pk, revision)
    access.require(by, "dataset.edit", dataset.team.pk)
    shape = mapping.get("shape", "")
    if shape and shape not in RecordShape.values:
        raise InvalidInput(_("There is no shape “%(name)s”.") % {"name": shape})
    try:
        wanted = Policy.of({name: policy[name] for name in OPEN if name in policy}).as_dict()
    except ValueError as error:
        raise InvalidInput(str(error)) from error
    reading = {
        "mapping": {name: value for name in (*COLUMNS, "shape") if (value := mapping.get(name, "").strip())},
        "policy": {name: wanted[name] for name in OPEN if wanted[name] != Policy().as_dict()[name]},
    }
    before = dataset.reading
    if editing.apply(dataset, {"reading": reading}):
        changed = {"reading": {"from": before, "to": reading}}
        record_on("dataset.reading_set", by=by, ref=dataset_ref(dataset), payload={"changed": changed})
        subjects.announce_change(dataset_ref(dataset), "dataset.reading_set")
    return dataset
