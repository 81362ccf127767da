from django import forms


class EmptyForm(forms.Form):
    """Nothing to fill in: the button says it all."""
