"""Every change of sources, datasets, uploads, versions and inspections."""

from apps.datasets.actions.audits import close_audit, erase_texts, withdraw_audit
from apps.datasets.actions.catalogue import (
    create_dataset,
    create_source,
    edit_dataset,
    edit_source,
    set_sources,
)
from apps.datasets.actions.comparing import compare_versions
from apps.datasets.actions.inspecting import cancel_inspection, inspect_again
from apps.datasets.actions.judging import adjudicate, judge
from apps.datasets.actions.reading import set_reading
from apps.datasets.actions.reviewers import dismiss_reviewer, invite_reviewers
from apps.datasets.actions.samples import draw_again, draw_sample
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
    "adjudicate",
    "append_upload",
    "cancel_inspection",
    "close_audit",
    "compare_versions",
    "create_dataset",
    "create_source",
    "dismiss_reviewer",
    "draw_again",
    "draw_sample",
    "edit_dataset",
    "edit_source",
    "erase_texts",
    "forget_uploads",
    "inspect_again",
    "invite_reviewers",
    "judge",
    "register_version",
    "set_reading",
    "set_sources",
    "start_upload",
    "take_file",
    "withdraw_audit",
]
