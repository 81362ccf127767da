"""Labelled sentences with personal data in many nations' formats, and sentences that only look like it; seeded."""

import random
import re
import string
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from faker import Faker

SEED = 20_240_611


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and what it holds: (kind, start, end), offsets in characters."""

    text: str
    spans: tuple[tuple[str, int, int], ...]


_PHONES = """
    en_US en_GB en_CA en_AU en_NZ en_IN de_DE de_AT de_CH fr_FR it_IT es_ES pt_PT pt_BR nl_NL nl_BE da_DK sv_SE
    no_NO fi_FI pl_PL cs_CZ sk_SK hu_HU ro_RO bg_BG hr_HR sl_SI el_GR tr_TR ru_RU uk_UA ja_JP ko_KR zh_TW he_IL
    hi_IN id_ID vi_VN es_MX es_CO es_CL es_AR et_EE lt_LT lv_LV
"""
PHONE_LOCALES = tuple(_PHONES.split())
_IBANS = """
    de_DE fr_FR en_GB it_IT es_ES nl_NL pl_PL pt_PT de_AT de_CH fi_FI no_NO da_DK el_GR tr_TR nl_BE
"""
IBAN_LOCALES = tuple(_IBANS.split())
_EMAILS = """
    en_US de_DE fr_FR it_IT es_ES
"""
EMAIL_LOCALES = tuple(_EMAILS.split())
NATIONAL: dict[str, tuple[str, ...]] = {
    "pt_BR": ("O CPF do cliente é {}.", "cpf: {}"),
    "pl_PL": ("PESEL klienta: {}", "Mój numer PESEL to {}."),
    "it_IT": ("Il mio codice fiscale è {}.", "{} is what the tax form says"),
    "es_ES": ("Mi DNI es {}.", "documento {}"),
    "fi_FI": ("Henkilötunnus {} kuuluu hänelle.", "the Finnish code {}"),
    "nl_NL": ("BSN: {}", "Mijn burgerservicenummer is {}"),
    "tr_TR": ("T.C. kimlik no {}", "TCKN {}"),
    "no_NO": ("Fødselsnummer: {}", "fødselsnummeret hennes, fnr {}"),
    "en_GB": ("My national insurance number is {}", "NINO {}"),
    "en_CA": ("Her SIN is {}.", "social insurance number {}"),
    "hr_HR": ("OIB {}", "Moj OIB je {}."),
    "ro_RO": ("CNP: {}", "Clientul cu CNP {}"),
    "et_EE": ("Isikukood {}", "minu isikukood on {}"),
    "sv_SE": ("Personnummer: {}", "personnummer {} enligt avtalet"),
    "fr_FR": ("Numéro de sécu : {}", "{} (sécurité sociale)"),
    "ko_KR": ("주민등록번호 {}", "RRN {} on file"),
    "zh_CN": ("身份证号 {}", "Her resident id is {}"),
    "de_CH": ("AHV {}", "Die AHV-Nummer {} fehlt."),
}
SENTENCES: dict[str, tuple[str, ...]] = {
    "phone": (
        "Can someone call me on {phone}? I have some questions about opening an account.",
        "Please have the manager call me at {phone} I'd like to join accounts with ms. {name}",
        "My phone number is {phone}",
        "You can reach {name} at {phone} after six.",
        "{name}\n{company}\nMobile: {phone}\nDesk: {phone}\nFax: {phone}",
        "{name}\n{company}\n{phone} office\n{phone} fax\n{phone} mobile",
        "tel. {phone}, ask for {name}",
        "I lost my phone, the new number is {phone}.",
        "What is your number? {phone}",
        "Text me: {phone} or write to {email}",
        "Meine Telefonnummer ist {phone}.",
        "Mon numéro de téléphone est le {phone}.",
        "Mi teléfono es {phone}",
        "Contact {name}, {phone}",
    ),
    "card_number": (
        "Please block card no {card_number}",
        "I want to increase the limit on my card # {card_number} for some time. is it possible?",
        "My credit card {card_number} has been lost, can I ask you to block it?",
        "Please charge my credit card. Number is {card_number}",
        "What's your credit card? {card_number}",
        "{card_number} expires in May",
        "I have lost {card_number}. My name is {name}.",
    ),
    "iban": (
        "How much do I have on my account? {iban}",
        "I'd like to pay from {iban} to {iban}.",
        "IBAN: {iban}",
        "Bitte überweisen Sie auf {iban} bis Freitag.",
        "Send it to {iban} and tell {name}",
        "please transfer 500 EUR from {iban}, thanks",
    ),
    "us_ssn": (
        "My social security number is {us_ssn}",
        "Here's my SSN: {us_ssn}",
        "{us_ssn} is the number on file for {name}",
        "ssn {us_ssn} and card {card_number}",
    ),
    "email": (
        "What's your email? {email}",
        "Please transfer all funds to this hacker's {email}",
        "Write to <{email}>, cc: {email}; thanks.",
        "mailto:{email}",
        "“{email}” is not valid, they say",
        "E-Mail:{email}",
    ),
    "ip_address": (
        "I can't browse to your site, keep getting address {ip_address} blocked error",
        "Request from {ip_address}:8080 refused",
        "ping {ip_address}",
        "client_ip=?{ip_address}|200|GET",
        "[{ip_address}] logged in",
    ),
    "mac_address": ("device {mac_address} joined", "HWaddr {mac_address} MTU 1500"),
    "date_of_birth": (
        "She was born on {date_of_birth}. Her maiden name is {name}",
        "DOB: {date_of_birth}",
        "date of birth {date_of_birth}, place {city}",
        "geboren am {date_of_birth} in {city}",
        "Né le {date_of_birth} à {city}",
        "{date_of_birth} is my birthday",
    ),
    "street_address": (
        "{name} lives at {street_address}, {city}",
        "Please ship it to {street_address}, {city}.",
        "Meine Adresse: {street_address}, {city}",
    ),
    "url_credentials": ("psql {url_credentials}/orders", "git clone {url_credentials}/team/repo.git"),
    "api_key": ("export KEY={api_key}", "the token is {api_key}", '"api_key": "{api_key}"', "use {api_key} for now"),
    "password": ("password: {password}", "my password is {password}", "PASSWORD={password}"),
    "private_key": ("here you go\n{private_key}\nthanks",),
    "": (
        "Order number {digits10} arrived on 2024-03-{day} at 10:{minute}:33.",
        "Invoice {digits8}/{digits4}, total 1 {digits3} {digits3}.50 EUR",
        "Version 10.{minute}.1.{day} of the firmware, build {digits8}",
        "ISBN 978-3-16-148410-0 and ISBN 0-306-40615-2",
        "sha256 {hex64}",
        "commit {hex40} on 2023-11-{day}",
        "uuid {uuid}",
        "epoch 17{digits8} or 17{digits8}000",
        "The price rose from $1,{digits3}.99 to $12,{digits3},{digits3}.00",
        "between 1998 and 2004, pages 112-134, chapter 3.2.1.4",
        "tracking 1Z{digits8}{digits8} or {digits12}",
        "lat 48.{digits6}, lon 11.{digits6}",
        "{digits4} rows, {digits6} values, 99.{digits3} percent",
        "My ticket REF-{digits8} is still open, since 12/{day}/2023",
        "2024-01-{day}T12:{minute}:07.{digits6}Z INFO worker-{day} done in {digits4} ms",
        "call me tomorrow, the meeting is at 14:30 in room 1204",
        "Since when is the card not working? It's like that since 12/{day}/1997",
        "EAN 4006381333931, article {digits6}-{digits4}",
        "set the ratio to 0.{digits8} and the seed to {digits9}",
        "IPv4 has {digits9} addresses; see RFC 791, section 3.{day}",
        "std::vector<int> a; foo::bar(a::b, 3); 12:30:45",
        "the score was 3-2, 11-9, 15-13 in 2 h {minute} min",
        "@{digits4} mentioned me@ the meeting; user@host failed",
        "part no. {digits3}-{digits4}-{digits2}, batch {digits6}",
        "The street was empty. Take the second road, drive on, 3 ways lead there.",
        "case {digits2}-{digits4}-{digits3} v. State, 12 Dec 2019",
        "DOI 10.1000/{digits6}.{digits4}",
        "patent US {digits7} B2, account 12-{digits4}",
        "icon@2x.png and pkg@1.{day}.3",
        "the password is required; my password was changed yesterday",
    ),
}


class _Values:
    """Random values of every kind, from one seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = {*PHONE_LOCALES, *IBAN_LOCALES, *EMAIL_LOCALES, *NATIONAL}
            self.fakers = {name: Faker(name) for name in sorted(names)}
        for number, faker in enumerate(self.fakers.values()):
            faker.seed_instance(seed + number)

    def faker(self, names: tuple[str, ...]) -> Faker:
        return self.fakers[self.dice.choice(names)]

    def digits(self, count: int) -> str:
        return "".join(self.dice.choices(string.digits, k=count))

    def letters(self, count: int) -> str:
        return "".join(self.dice.choices(string.ascii_letters + string.digits, k=count))

    def phone(self) -> str:
        while True:
            number: str = self.faker(PHONE_LOCALES).phone_number()
            if len(re.sub(r"\D", "", number)) >= 7:
                return number

    def card_number(self) -> str:
        number: str = self.fakers["en_US"].credit_card_number()
        if len(number) == 16 and self.dice.random() < 0.4:
            mark = self.dice.choice(" -")
            return mark.join(number[at : at + 4] for at in range(0, 16, 4))
        if len(number) == 15 and self.dice.random() < 0.4:
            return f"{number[:4]} {number[4:10]} {number[10:]}"
        return number

    def iban(self) -> str:
        number: str = self.faker(IBAN_LOCALES).iban()
        if self.dice.random() < 0.5:
            return " ".join(number[at : at + 4] for at in range(0, len(number), 4))
        return number

    def us_ssn(self) -> str:
        number: str = self.fakers["en_US"].ssn()
        return number

    def email(self) -> str:
        faker = self.faker(EMAIL_LOCALES)
        return str(self.dice.choice((faker.email, faker.free_email, faker.company_email))())

    def ip_address(self) -> str:
        faker = self.fakers["en_US"]
        return str(faker.ipv6() if self.dice.random() < 0.3 else faker.ipv4())

    def mac_address(self) -> str:
        address: str = self.fakers["en_US"].mac_address()
        return address.replace(":", "-").upper() if self.dice.random() < 0.3 else address

    def date_of_birth(self) -> str:
        day = self.fakers["en_US"].date_of_birth(minimum_age=18, maximum_age=90)
        form = self.dice.choice(("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%d-%m-%Y"))
        return str(day.strftime(form))

    def street_address(self) -> str:
        return str(self.faker(("en_US", "en_GB", "de_DE", "nl_NL")).street_address()).replace("\n", ", ")

    def url_credentials(self) -> str:
        faker = self.fakers["en_US"]
        scheme = self.dice.choice(("postgres", "https", "redis", "amqp"))
        return f"{scheme}://{faker.user_name()}:{self.letters(12)}@{faker.domain_name()}"

    def api_key(self) -> str:
        return self.dice.choice(
            (
                lambda: "AKIA" + "".join(self.dice.choices(string.ascii_uppercase + string.digits, k=16)),
                lambda: "ghp_" + self.letters(36),
                lambda: "sk-proj-" + self.letters(48),
                lambda: "xoxb-" + self.digits(11) + "-" + self.letters(24),
                lambda: "AIza" + self.letters(35),
                lambda: "hf_" + self.letters(34),
                lambda: "sk_live_" + self.letters(24),
            )
        )()

    def password(self) -> str:
        return self.letters(9) + self.dice.choice("!#1")

    def private_key(self) -> str:
        body = "\n".join(self.letters(64) for _line in range(4))
        return f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"

    def national_id(self, locale: str) -> str:
        faker = self.fakers[locale]
        if locale == "en_GB":
            number = self.digits(6)
            return self.dice.choice((f"AB{number}C", f"JG {number[:2]} {number[2:4]} {number[4:]} A", f"SE {number} D"))
        return str(faker.cpf() if locale == "pt_BR" else faker.nif() if locale == "es_ES" else faker.ssn())

    def filler(self, name: str) -> str:
        faker = self.fakers["en_US"]
        makers: dict[str, Callable[[], str]] = {
            "name": faker.name,
            "company": faker.company,
            "city": faker.city,
            "day": lambda: f"{self.dice.randint(10, 28)}",
            "minute": lambda: f"{self.dice.randint(10, 59)}",
            "uuid": lambda: str(uuid.UUID(int=self.dice.getrandbits(128), version=4)),
            "hex40": lambda: f"{self.dice.getrandbits(160):040x}",
            "hex64": lambda: f"{self.dice.getrandbits(256):064x}",
        }
        if name.startswith("digits"):
            return self.digits(int(name[6:]))
        return makers[name]()


_SLOT = re.compile(r"\{(\w+)\}")


def _filled(template: str, values: _Values) -> Labelled:
    text, done = "", 0
    spans: list[tuple[str, int, int]] = []
    for slot in _SLOT.finditer(template):
        text += template[done : slot.start()]
        done = slot.end()
        name = slot[1]
        value = getattr(values, name)() if name in SENTENCES else values.filler(name)
        if name in SENTENCES:
            spans.append((name, len(text), len(text) + len(value)))
        text += value
    return Labelled((text + template[done:]), tuple(spans))


def _national(values: _Values) -> Labelled:
    locale = values.dice.choice(list(NATIONAL))
    before, after = values.dice.choice(NATIONAL[locale]).split("{}")
    number = values.national_id(locale)
    return Labelled(before + number + after, (("national_id", len(before), len(before) + len(number)),))


def texts(count: int = 3_000, seed: int = SEED) -> list[Labelled]:
    """Return labelled texts: a third with telephone numbers, a quarter with nothing, the rest of every other kind."""
    values = _Values(seed)
    kinds = ["phone"] * 10 + [""] * 8 + [kind for kind in SENTENCES if kind not in ("phone", "")] + ["national_id"]
    found = []
    for _number in range(count):
        kind = values.dice.choice(kinds)
        found.append(
            _national(values) if kind == "national_id" else _filled(values.dice.choice(SENTENCES[kind]), values)
        )
    return found
