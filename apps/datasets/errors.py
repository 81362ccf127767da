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


class OwnerNotInTeam(Refusal):
    code, status, title = "owner_not_in_team", 422, _("The owner is not a person of the team")


class DateNotPossible(Refusal):
    code, status, title = "date_not_possible", 422, _("This day is not possible")


class BeyondTheTerms(Refusal):
    code, status, title = "beyond_the_terms", 422, _("The source does not allow this day")


class CopyIsDeleted(Refusal):
    code, status, title = "copy_is_deleted", 409, _("This copy is deleted")


class ProofMissing(Refusal):
    code, status, title = "proof_missing", 422, _("A deletion needs its proof")


class FilesStillStored(Refusal):
    code, status, title = "files_still_stored", 409, _("The files are still in the storage")


class FilesByReference(Refusal):
    code, status, title = "files_by_reference", 409, _("The files are not Fourgate's to delete")


class FilesErased(Refusal):
    code, status, title = "files_erased", 409, _("The files of this version are deleted")


class ErasureNotConfirmed(Refusal):
    code, status, title = "erasure_not_confirmed", 422, _("The deletion is not confirmed")


class NotErased(Refusal):
    code, status, title = "not_erased", 503, _("The storage did not delete the files")


class NoSamples(Refusal):
    code, status, title = "no_samples", 409, _("There are no sample rows")


class ReasonMissing(Refusal):
    code, status, title = "reason_missing", 422, _("Say why")


class LinkNotPossible(Refusal):
    code, status, title = "link_not_possible", 422, _("Such a link can't be made")


class LinkEnded(Refusal):
    code, status, title = "link_ended", 410, _("This link has ended")
