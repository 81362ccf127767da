"""Every change of sources, datasets, uploads, versions and inspections."""

from apps.datasets.actions.access import note_samples_seen, unmask_samples, view_samples
from apps.datasets.actions.annotations import add_annotations
from apps.datasets.actions.audits import close_audit, erase_texts, withdraw_audit
from apps.datasets.actions.catalogue import (
    create_dataset,
    create_source,
    edit_dataset,
    edit_source,
    set_sources,
)
from apps.datasets.actions.comparing import cancel_comparison, compare_versions
from apps.datasets.actions.copies import (
    extend_copy,
    hand_over_copy,
    record_deletion,
    register_copy,
)
from apps.datasets.actions.deriving import derive_version
from apps.datasets.actions.descriptions import (
    discard_description,
    read_description,
    take_over_description,
)
from apps.datasets.actions.erasing import erase_files
from apps.datasets.actions.exports import (
    create_export,
    download_export,
    export_of,
    link_token,
    open_link,
    revoke_export,
)
from apps.datasets.actions.feedback import decide_feedback
from apps.datasets.actions.guidelines import draft_guideline, edit_guideline, publish_guideline
from apps.datasets.actions.inspecting import cancel_inspection, inspect_again
from apps.datasets.actions.judging import adjudicate, judge
from apps.datasets.actions.lineage import (
    record_edge,
    record_node,
    report_run,
    withdraw_edge,
)
from apps.datasets.actions.reading import set_reading
from apps.datasets.actions.reviewers import dismiss_reviewer, invite_reviewers
from apps.datasets.actions.samples import cancel_draw, draw_again, draw_sample
from apps.datasets.actions.sensitive import decide_sensitive
from apps.datasets.actions.tables import take_table
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
    "add_annotations",
    "adjudicate",
    "append_upload",
    "cancel_comparison",
    "cancel_draw",
    "cancel_inspection",
    "close_audit",
    "compare_versions",
    "create_dataset",
    "create_export",
    "create_source",
    "decide_feedback",
    "decide_sensitive",
    "derive_version",
    "discard_description",
    "dismiss_reviewer",
    "download_export",
    "draft_guideline",
    "draw_again",
    "draw_sample",
    "edit_dataset",
    "edit_guideline",
    "edit_source",
    "erase_files",
    "erase_texts",
    "export_of",
    "extend_copy",
    "forget_uploads",
    "hand_over_copy",
    "inspect_again",
    "invite_reviewers",
    "judge",
    "link_token",
    "note_samples_seen",
    "open_link",
    "publish_guideline",
    "read_description",
    "record_deletion",
    "record_edge",
    "record_node",
    "register_copy",
    "register_version",
    "report_run",
    "revoke_export",
    "set_reading",
    "set_sources",
    "start_upload",
    "take_file",
    "take_over_description",
    "take_table",
    "unmask_samples",
    "view_samples",
    "withdraw_audit",
    "withdraw_edge",
]
