from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class ReleaseStands(Refusal):
    code, status, title = "release_stands", 409, _("This is proposed or live already")


class AnotherTeamsEnvironment(Refusal):
    code, status, title = "another_teams_environment", 422, _("This environment belongs to another team")


class VersionNotReleasable(Refusal):
    code, status, title = "version_not_releasable", 409, _("This version can't be released")


class TargetNotPossible(Refusal):
    code, status, title = "target_not_possible", 422, _("There is no going back to this")


class ReleaseNotProposed(Refusal):
    code, status, title = "release_not_proposed", 409, _("This release is not a proposal any more")


class ReleaseNotLive(Refusal):
    code, status, title = "release_not_live", 409, _("This release is not live")


class ReleaseEnded(Refusal):
    code, status, title = "release_ended", 409, _("This release has ended")


class LiveReleaseChanged(Refusal):
    code, status, title = "live_release_changed", 409, _("Something else is live than what this was compared with")


class ReleaseAltered(Refusal):
    code, status, title = "release_altered", 409, _("What is kept of this release was altered")


class ReleaseNotApproved(Refusal):
    code, status, title = "release_not_approved", 409, _("The release gate is not approved")


class NoWayBack(Refusal):
    code, status, title = "no_way_back", 409, _("There is nothing to go back to")


class TargetUnfit(Refusal):
    code, status, title = "target_unfit", 409, _("What would be gone back to does not stand any more")


class NotTheTechnicalOwner(Refusal):
    code, status, title = "not_the_technical_owner", 403, _("The technical owner rolls back")


class NotTheGovernanceOwner(Refusal):
    code, status, title = "not_the_governance_owner", 403, _("The governance owner reviews")


class OwnRollback(Refusal):
    code, status, title = "own_rollback", 403, _("Nobody reviews their own rollback")


class RollbackReviewed(Refusal):
    code, status, title = "rollback_reviewed", 409, _("This rollback was reviewed")


class RehearsalImpossible(Refusal):
    code, status, title = "rehearsal_impossible", 422, _("This rehearsal is not possible")


class NothingAttested(Refusal):
    code, status, title = "nothing_attested", 404, _("Nothing is attested of this release")
