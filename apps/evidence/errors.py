from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class UnknownEvidenceKind(Refusal):
    code, status, title = "unknown_evidence_kind", 422, _("No such kind of evidence")


class LinkNotAllowed(Refusal):
    code, status, title = "link_not_allowed", 422, _("This link can't be used")


class FileOrLink(Refusal):
    code, status, title = "file_or_link", 422, _("Give a file or a link")


class FileTooLarge(Refusal):
    code, status, title = "file_too_large", 422, _("The file is too large")


class FileGone(Refusal):
    code, status, title = "file_gone", 409, _("The file is gone from storage")


class AlreadyWithdrawn(Refusal):
    code, status, title = "already_withdrawn", 409, _("It was taken back already")


class NotTheHolder(Refusal):
    code, status, title = "not_the_holder", 403, _("This is for the holder of the responsibility")
