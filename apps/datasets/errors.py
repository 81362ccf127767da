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


class TablesOff(Refusal):
    code, status, title = "tables_off", 409, _("No table can be read here")


class TableNameUnreadable(Refusal):
    code, status, title = "table_name_unreadable", 422, _("This is not the name of a table")


class TableNotAllowed(Refusal):
    code, status, title = "table_not_allowed", 422, _("This table may not be read")


class TableNotFound(Refusal):
    code, status, title = "table_not_found", 422, _("There is no such table")


class TableEmpty(Refusal):
    code, status, title = "table_empty", 422, _("The table has no rows")


class TableUnfit(Refusal):
    code, status, title = "table_unfit", 422, _("The table can't be taken as it is")


class TableUnreachable(Refusal):
    code, status, title = "table_unreachable", 503, _("The table can't be read at the moment")


class OriginMissing(Refusal):
    code, status, title = "origin_missing", 422, _("Rows of production feedback say where they come from")


class NoFeedback(Refusal):
    code, status, title = "no_feedback", 409, _("No row comes from production feedback")


class OwnFeedback(Refusal):
    code, status, title = "own_feedback", 409, _("Somebody else decides on this version")


class SensitiveKindNotFound(Refusal):
    code, status, title = "sensitive_kind_not_found", 422, _("This kind was not found in the version")


class DecisionStands(Refusal):
    code, status, title = "decision_stands", 409, _("This is decided already")


class NothingToDerive(Refusal):
    code, status, title = "nothing_to_derive", 409, _("There is nothing to mask or to leave out")


class InspectionRuns(Refusal):
    code, status, title = "inspection_runs", 409, _("The inspection is not finished")


class NothingRuns(Refusal):
    code, status, title = "nothing_runs", 409, _("Nothing is running")


class SourceOfAnotherTeam(Refusal):
    code, status, title = "source_of_another_team", 422, _("This source belongs to another team")


class GuidelineDraftStands(Refusal):
    code, status, title = "guideline_draft_stands", 409, _("There is a draft already")


class GuidelinePublished(Refusal):
    code, status, title = "guideline_published", 409, _("A published guideline does not change")


class GuidelineIncomplete(Refusal):
    code, status, title = "guideline_incomplete", 422, _("The guideline lacks something")


class SameGuideline(Refusal):
    code, status, title = "same_guideline", 409, _("This guideline is published already")


class GuidelineUnknown(Refusal):
    code, status, title = "guideline_unknown", 422, _("There is no such guideline")


class AnnotationsTooMany(Refusal):
    code, status, title = "annotations_too_many", 422, _("The table has too many rows")


class AnnotationsStand(Refusal):
    code, status, title = "annotations_stand", 409, _("These annotations are here already")


class LabelOrderUnclear(Refusal):
    code, status, title = "label_order_unclear", 422, _("The labels' order is not clear")


class ReasonNeeded(Refusal):
    code, status, title = "reason_needed", 422, _("Say why")


class OwnerOutsideTeam(Refusal):
    code, status, title = "owner_outside_team", 422, _("This person is not in the team")


class LineageImpossible(Refusal):
    code, status, title = "lineage_impossible", 422, _("This can't have gone into that")


class LineageCircle(Refusal):
    code, status, title = "lineage_circle", 409, _("This would make a circle")


class LineageStands(Refusal):
    code, status, title = "lineage_stands", 409, _("This is recorded")


class LineageWithdrawn(Refusal):
    code, status, title = "lineage_withdrawn", 409, _("This was taken back before")


class RunEventUnreadable(Refusal):
    code, status, title = "run_event_unreadable", 422, _("The run event can't be read")


class RunOfAnotherJob(Refusal):
    code, status, title = "run_of_another_job", 409, _("This run belongs to another job")


class TeamUnclear(Refusal):
    code, status, title = "team_unclear", 422, _("Say for which team")


class DescriptionUnreadable(Refusal):
    code, status, title = "description_unreadable", 422, _("The metadata can't be read")


class DescriptionDecided(Refusal):
    code, status, title = "description_decided", 409, _("This metadata was decided on before")


class NothingToTakeOver(Refusal):
    code, status, title = "nothing_to_take_over", 422, _("There is nothing to take over")


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


class LinkNotPossible(Refusal):
    code, status, title = "link_not_possible", 422, _("Such a link can't be made")


class LinkEnded(Refusal):
    code, status, title = "link_ended", 410, _("This link has ended")


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
