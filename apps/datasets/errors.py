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


class InspectionRuns(Refusal):
    code, status, title = "inspection_runs", 409, _("The inspection is not finished")


class NothingRuns(Refusal):
    code, status, title = "nothing_runs", 409, _("No inspection is running")


class SourceOfAnotherTeam(Refusal):
    code, status, title = "source_of_another_team", 422, _("This source belongs to another team")


class AuditUnfinished(Refusal):
    code, status, title = "audit_unfinished", 409, _("The audit is not finished")


class AuditEnded(Refusal):
    code, status, title = "audit_ended", 409, _("The audit takes no more judgements")


class ReviewersLack(Refusal):
    code, status, title = "reviewers_lack", 422, _("The audit needs other reviewers")


class SampleTooLarge(Refusal):
    code, status, title = "sample_too_large", 422, _("The sample is too large to be judged")


class NotInvited(Refusal):
    code, status, title = "not_invited", 403, _("You do not review this audit")


class JudgementIncomplete(Refusal):
    code, status, title = "judgement_incomplete", 422, _("Say what is wrong with the row")


class RowDecided(Refusal):
    code, status, title = "row_decided", 409, _("This row is decided")


class RowNotDisputed(Refusal):
    code, status, title = "row_not_disputed", 409, _("Nobody differs on this row")


class OwnJudgement(Refusal):
    code, status, title = "own_judgement", 409, _("Somebody else decides this row")


class NotComparable(Refusal):
    code, status, title = "not_comparable", 422, _("These versions can't be compared")
