from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal


class PlaceRefused(Refusal):
    code, status, title = "place_refused", 422, _("This address can't be kept")


class DigestMalformed(Refusal):
    code, status, title = "digest_malformed", 422, _("This is no digest")


class CommitMalformed(Refusal):
    code, status, title = "commit_malformed", 422, _("This is no commit")


class NoTrainingData(Refusal):
    code, status, title = "no_training_data", 422, _("A run needs data")


class TrainingDataUnknown(Refusal):
    code, status, title = "training_data_unknown", 422, _("There is no such dataset version")


class TrainingDataDiffers(Refusal):
    code, status, title = "training_data_differs", 409, _("Another content than the registered one")


class GuidelineNotInForce(Refusal):
    code, status, title = "guideline_not_in_force", 422, _("This guideline was not in force")


class ObjectTooLarge(Refusal):
    code, status, title = "object_too_large", 422, _("Too large, too deep, or not JSON")


class RunTimesImpossible(Refusal):
    code, status, title = "run_times_impossible", 422, _("These times are not possible")


class CostUnclear(Refusal):
    code, status, title = "cost_unclear", 422, _("A cost is an amount and its currency")


class TrainerOutsideTeam(Refusal):
    code, status, title = "trainer_outside_team", 422, _("Name a person of the team")


class SameRun(Refusal):
    code, status, title = "same_run", 409, _("This run is registered")


class NumberMalformed(Refusal):
    code, status, title = "number_malformed", 422, _("This can't name a version")


class SameArtefact(Refusal):
    code, status, title = "same_artefact", 409, _("This artefact is registered")


class ModelVersionWithdrawn(Refusal):
    code, status, title = "model_version_withdrawn", 409, _("This version was withdrawn before")


class ArtefactElsewhere(Refusal):
    code, status, title = "artefact_elsewhere", 409, _("Fourgate can't read this place")
