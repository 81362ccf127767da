"""The table of recognisers: what hyperscan looks for, and the function that reads the text around it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from apps.datasets.inspection.sensitive import addresses, births, iban, identifiers, network, numbers, secrets
from apps.datasets.inspection.sensitive.context import Context
from apps.datasets.inspection.sensitive.identifiers import Lettered
from apps.datasets.inspection.sensitive.kinds import INDEX, Span

Read = Callable[[str, int, list[Span]], int]
"""Takes a text, the character offset where a trigger matched up to, and the list to add finds to.

Returns the offset up to which the text is read: triggers of the same recogniser before it are skipped.
"""


@dataclass(frozen=True, slots=True)
class Recogniser:
    """A byte pattern that ends inside every value of its kind, cheap and loose; ``read`` decides.

    A trigger can't match the byte 0xFF, which separates records and stands in no UTF-8 text.
    """

    trigger: bytes
    read: Read
    caseless: bool = True


def _lettered(number: Lettered, text: str, at: int, found: list[Span]) -> int:
    match = number.pattern.search(text, max(0, at - 24), at + 4)
    if match is None:
        return at
    context = Context(text, *match.span())
    named = context.says(number.word)
    blocked = context.contradicts and number.alone < identifiers.SURE
    if (named or not blocked) and number.check(match[0]):
        found.append(Span(INDEX["national_id"], *match.span(), 0.95 if named else number.alone))
    return max(at, match.end())


RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser(numbers.TRIGGER, numbers.recognise),
    Recogniser(network.EMAIL_TRIGGER, network.email),
    Recogniser(network.IPV4_TRIGGER, network.ipv4),
    Recogniser(network.IPV6_TRIGGER, network.ipv6),
    Recogniser(network.MAC_TRIGGER, network.mac),
    Recogniser(network.URL_TRIGGER, network.url),
    Recogniser(iban.TRIGGER, iban.recognise),
    Recogniser(births.TRIGGER, births.recognise),
    *(Recogniser(trigger, read) for trigger, read in addresses.TRIGGERS),
    Recogniser(secrets.ASSIGNED_TRIGGER, secrets.assigned),
    Recogniser(secrets.PASSWORD_TRIGGER, secrets.password),
    Recogniser(secrets.PRIVATE_TRIGGER, secrets.private_key, caseless=False),
    *(Recogniser(number.trigger, partial(_lettered, number)) for number in identifiers.LETTERED),
    *(Recogniser(kind.trigger, partial(secrets.token, kind), caseless=False) for kind in secrets.TOKENS),
)
