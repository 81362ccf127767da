from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.socialaccount.forms import DisconnectForm as AllauthDisconnectForm

from apps.people import actions


class DisconnectForm(AllauthDisconnectForm):
    """Disconnect by the action, which records it."""

    def save(self) -> None:
        raise_if_reauthentication_required(self.request, app="allauth.socialaccount")
        actions.disconnect_identity(self.cleaned_data["account"], by=self.request.user)
