from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class FileUnreadable(Refusal):
    code, status, title = "file_unreadable", 422, _("The file can't be used")


class DigestDiffers(Refusal):
    code, status, title = "digest_differs", 422, _("The file arrived changed")


class OffsetDiffers(Refusal):
    code, status, title = "offset_differs", 409, _("Go on from another place")


class UploadNotReady(Refusal):
    code, status, title = "upload_not_ready", 409, _("The upload is not complete")


class UploadTooLarge(Refusal):
    code, status, title = "upload_too_large", 413, _("The file is too large")


class NothingToRegister(Refusal):
    code, status, title = "nothing_to_register", 422, _("A version needs files")


class ColumnsDiffer(Refusal):
    code, status, title = "columns_differ", 422, _("The files do not have the same columns")


class ColumnUnknown(Refusal):
    code, status, title = "column_unknown", 422, _("There is no such column")


class SameContent(Refusal):
    code, status, title = "same_content", 409, _("This content is registered")


class StorageKeyRefused(Refusal):
    code, status, title = "storage_key_refused", 422, _("This file can't be taken from storage")


class SensitiveKindNotFound(Refusal):
    code, status, title = "sensitive_kind_not_found", 422, _("This kind was not found in the version")


class ReasonNeeded(Refusal):
    code, status, title = "reason_needed", 422, _("This decision needs a reason")


class DecisionStands(Refusal):
    code, status, title = "decision_stands", 409, _("This is decided already")


class NothingToDerive(Refusal):
    code, status, title = "nothing_to_derive", 409, _("There is nothing to mask or to leave out")


class InspectionRuns(Refusal):
    code, status, title = "inspection_runs", 409, _("The inspection is not finished")


class NothingRuns(Refusal):
    code, status, title = "nothing_runs", 409, _("No inspection is running")


class SourceOfAnotherTeam(Refusal):
    code, status, title = "source_of_another_team", 422, _("This source belongs to another team")
