"""Every change of sources, datasets, uploads, versions and inspections."""

from apps.datasets.actions.catalogue import (
    create_dataset,
    create_source,
    edit_dataset,
    edit_source,
    set_sources,
)
from apps.datasets.actions.deriving import derive_version
from apps.datasets.actions.inspecting import cancel_inspection, inspect_again
from apps.datasets.actions.reading import set_reading
from apps.datasets.actions.sensitive import decide_sensitive
from apps.datasets.actions.uploads import (
    abandon_upload,
    append_upload,
    forget_uploads,
    start_upload,
    take_file,
)
from apps.datasets.actions.versions import FileOffer, register_version

__all__ = [
    "FileOffer",
    "abandon_upload",
    "append_upload",
    "cancel_inspection",
    "create_dataset",
    "create_source",
    "decide_sensitive",
    "derive_version",
    "edit_dataset",
    "edit_source",
    "forget_uploads",
    "inspect_again",
    "register_version",
    "set_reading",
    "set_sources",
    "start_upload",
    "take_file",
]
