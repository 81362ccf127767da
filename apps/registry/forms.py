import json
import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.api.parsers import strict_loads
from apps.datasets.models import DatasetVersion, Guideline
from apps.people.models import User
from apps.registry.actions import DataUse
from apps.registry.actions.versions import LARGEST_SIZE
from apps.registry.models import Model

MOST_CHOICES = 200
DIGEST_HELP = _("sha256: and 64 hexadecimal digits.")


class ModelForm(forms.ModelForm[Model]):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Model
        fields = (
            "name",
            "purpose",
            "base_model",
            "base_provider",
            "base_revision",
            "licence",
            "base_source",
            "base_digest",
            "provenance",
            "limitations",
        )
        help_texts = {
            "purpose": _("What this model does for the use case."),
            "base_model": _("The model that is tuned, as its provider names it."),
            "base_revision": _("A commit or a version that can’t come to mean another."),
            "licence": _("Its SPDX name, as in Apache-2.0 or MIT, or the licence’s own name."),
            "base_source": _("The address that it was taken from, without name, password and query."),
            "base_digest": DIGEST_HELP,
            "provenance": _("How it came here: who took it, when, and how it was checked."),
            "limitations": _("What the model must not be relied on for. It stands on the model card."),
        }
        widgets = {
            "purpose": forms.Textarea(attrs={"rows": 3}),
            "provenance": forms.Textarea(attrs={"rows": 2}),
            "limitations": forms.Textarea(attrs={"rows": 3}),
        }

    def validate_constraints(self) -> None:
        """Leave the double name to the action, which refuses with a sentence."""


class ObjectField(forms.CharField):
    """A JSON object as text; empty is an empty one."""

    widget = forms.Textarea(attrs={"rows": 5, "spellcheck": "false"})

    def clean(self, value: Any) -> dict[str, Any]:
        text = super().clean(value)
        if not text:
            return {}
        try:
            found = strict_loads(text.encode())
        except Exception as error:
            raise forms.ValidationError(_("This is not JSON: %(why)s"), params={"why": error}) from error
        if not isinstance(found, dict):
            raise forms.ValidationError(_("Give a JSON object: names in quotes, each with its value."))
        return found

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value, indent=2) if isinstance(value, dict) else value


class RunForm(forms.Form):
    """A run that has finished; the choices are what the model's team has."""

    datasets = forms.MultipleChoiceField(
        label=_("Data"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Every split that the run used. Its digest is kept with the run."),
    )
    guidelines = forms.MultipleChoiceField(
        label=_("Labelling guidelines in force"), required=False, widget=forms.CheckboxSelectMultiple
    )
    trained_by = forms.ChoiceField(label=_("Who trained"))
    started_at = forms.DateTimeField(
        label=_("Started"), widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"})
    )
    finished_at = forms.DateTimeField(
        label=_("Finished"), widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"})
    )
    code_repository = forms.CharField(
        label=_("Code repository"), max_length=500, required=False, help_text=_("https://… or git@host:path.")
    )
    code_commit = forms.CharField(
        label=_("Commit"), max_length=64, required=False, help_text=_("The whole one: 40 or 64 hexadecimal digits.")
    )
    base_digest = forms.CharField(
        label=_("Digest of the base model that was loaded"), max_length=71, required=False, help_text=DIGEST_HELP
    )
    hyperparameters = ObjectField(
        label=_("Hyperparameters"), required=False, help_text=_('A JSON object, as in {"epochs": 3}.')
    )
    environment = ObjectField(
        label=_("Environment"),
        required=False,
        help_text=_("A JSON object: hardware, image_digest, library versions."),
    )
    seed = forms.IntegerField(label=_("Random seed"), required=False, min_value=0, max_value=2**63 - 1)
    gpu_hours = forms.DecimalField(label=_("GPU hours"), required=False, min_value=0, max_digits=12, decimal_places=2)
    cost_amount = forms.DecimalField(label=_("Cost"), required=False, min_value=0, max_digits=14, decimal_places=2)
    cost_currency = forms.CharField(
        label=_("Currency"), required=False, max_length=3, help_text=_("Three letters, as in EUR.")
    )
    openlineage_run_id = forms.UUIDField(
        label=_("OpenLineage run"),
        required=False,
        help_text=_("The runId under which it reported itself, so that it stands in the lineage once."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, model: Model, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(row.pk): row for row in _people(model)}
        self.known = {str(row.pk): row for row in _guidelines(model, user)}
        fields: dict[str, Any] = self.fields
        fields["datasets"].choices = _data(model, user)
        fields["guidelines"].choices = [(key, f"{row.dataset.name}: {row}") for key, row in self.known.items()]
        fields["trained_by"].choices = [(key, person.name) for key, person in self.people.items()]

    def values(self) -> dict[str, Any]:
        """Return what the action takes besides model and actor."""
        data = dict(self.cleaned_data)
        uses = [key.partition(":") for key in data.pop("datasets")]
        return {
            **data,
            "datasets": [DataUse(version=uuid.UUID(version), splits=[split]) for version, _colon, split in uses],
            "guidelines": [self.known[key] for key in data["guidelines"]],
            "trained_by": self.people[data["trained_by"]],
        }


def _data(model: Model, user: Any) -> list[tuple[str, str]]:
    """Return the splits of the team's newest dataset versions, those of the model's own use case first."""
    rows = DatasetVersion.objects.visible_to(user).filter(dataset__use_case__team=model.team)
    found = list(rows.select_related("dataset").prefetch_related("files").order_by("-id")[:MOST_CHOICES])
    found.sort(key=lambda row: row.dataset.use_case_id != model.use_case_id)
    return [
        (f"{row.pk}:{split}", f"{row}, {split}")
        for row in found
        for split in dict.fromkeys(file.split for file in row.files.all())
    ]


def _guidelines(model: Model, user: Any) -> list[Guideline]:
    rows = Guideline.objects.visible_to(user).published().filter(dataset__use_case__team=model.team)
    return list(rows.select_related("dataset").order_by("-id")[:MOST_CHOICES])


def _people(model: Model) -> list[User]:
    rows = User.objects.filter(kind=User.Kind.PERSON, memberships__team=model.team).distinct()
    return list(rows.order_by("name")[:MOST_CHOICES])


class VersionForm(forms.Form):
    number = forms.CharField(
        label=_("Version"), max_length=60, help_text=_("As in 1.2.0 or 2026-03-rc1; unique in the model.")
    )
    artefact_digest = forms.CharField(label=_("Digest of the artefact"), max_length=71, help_text=DIGEST_HELP)
    size = forms.IntegerField(label=_("Size in bytes"), min_value=1, max_value=LARGEST_SIZE)
    place = forms.CharField(
        label=_("Place"),
        max_length=500,
        help_text=_("s3://, gs://, abfss://, https://, oci://, hf://, or file:///folder/name in Fourgate’s storage."),
    )
    format = forms.CharField(label=_("Format"), max_length=60, required=False, help_text=_("As in safetensors, GGUF."))
    quantisation = forms.CharField(label=_("Quantisation"), max_length=60, required=False)
    notes = forms.CharField(label=_("Notes"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
