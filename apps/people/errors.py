from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class EmailTaken(Refusal):
    code, status, title = "email_taken", 409, _("This e-mail address has an account")


class NothingToInvite(Refusal):
    code, status, title = "nothing_to_invite", 409, _("There is nothing to join")


class MailNotSent(Refusal):
    code, status, title = "mail_not_sent", 503, _("The e-mail was not sent")


class OwnAccount(Refusal):
    code, status, title = "own_account", 409, _("Not on your own account")


class LastAdministrator(Refusal):
    code, status, title = "last_administrator", 409, _("Somebody must be able to manage people")


class RoleNotAllowed(Refusal):
    code, status, title = "role_not_allowed", 422, _("This role can't be given")


class ScopeNotAllowed(Refusal):
    code, status, title = "scope_not_allowed", 422, _("This scope can't be given")


class ConfirmationFailed(Refusal):
    code, status, title = "confirmation_failed", 403, _("Not confirmed")


class ConfirmationRequired(Refusal):
    code, status, title = "confirmation_required", 403, _("Confirm that it is you")


class ConfirmationStale(Refusal):
    code, status, title = "confirmation_stale", 403, _("The confirmation is too old")


class ConfirmationUsed(Refusal):
    code, status, title = "confirmation_used", 403, _("The confirmation was used")


class TooManyAttempts(Refusal):
    code, status, title = "too_many_attempts", 429, _("Too many failed attempts")


class SecondPersonNeeded(Refusal):
    code, status, title = "second_person_needed", 403, _("A second person publishes")


class VersionNotProposed(Refusal):
    code, status, title = "version_not_proposed", 409, _("This version waits for nothing")


class GrantNotPossible(Refusal):
    code, status, title = "grant_not_possible", 422, _("This can't be shared")


class NotInvited(Refusal):
    code, status, title = "not_invited", 403, _("You have no account here")


class AddressNotVerified(Refusal):
    code, status, title = "address_not_verified", 403, _("Your e-mail address is not verified")


class AccountDeactivated(Refusal):
    code, status, title = "account_deactivated", 403, _("Your account is deactivated")


class OtherIdentity(Refusal):
    code, status, title = "other_identity", 409, _("This is somebody else's account")
