"""Words that stand beside a value and say what it is: in a dozen languages, one word each, without case."""

import re

BEFORE = 56
AFTER = 24
_WORD = re.compile(r"[^\W\d_]+")
_CLAUSE_END = re.compile(r"[.!?]\s|\n")

_WORDS: dict[str, str] = {
    "phone": (
        "phone phones telephone tel telefon telefono teléfono téléfone téléphone telefone telefoonnummer tlf"
        " tlph puh puhelin"
        " mobile mobil mobiel mobiles móvil celular cellulare cell cellphone handy portable gsm fax telefax desk"
        " office hotline call calls called calling caller dial dialled ring reach text texted texting sms whatsapp"
        " viber signal ph voicemail landline phonenumber rufnummer handynummer telefonnummer mobilnummer numéro"
        " телефон тел моб мобильный звоните 電話 电话 手机 전화 هاتف טלפון τηλέφωνο τηλ komórka komórkowy appeler"
        " llamar llámame ligar anrufen bellen ringa chiamare contact hr toll extension"
    ),
    "card": (
        "card cards credit debit visa mastercard maestro amex discover diners jcb creditcard kreditkarte karte carte"
        " tarjeta cartão carta kreditkort kaart karta cc cvv cvc expires expiry charge"
    ),
    "ssn": "ssn ssns social security socialsecurity",
    "iban": "iban account konto compte cuenta conta conto rekening",
    "dni": "dni nif nie documento identidad",
    "cpf": "cpf",
    "pesel": "pesel",
    "nin": "nino insurance national",
    "nhs": "nhs",
    "steuer": "steuer steuerid idnr identifikationsnummer steueridentifikationsnummer tin tax",
    "bsn": "bsn burgerservicenummer sofinummer",
    "aadhaar": "aadhaar aadhar uidai आधार",
    "pan": "pan",
    "kimlik": "kimlik tckn tc",
    "sin": "sin insurance nas",
    "tfn": "tfn tax",
    "oib": "oib",
    "amka": "amka αμκα",
    "fodsel": "fødselsnummer fodselsnummer personnummer fnr",
    "egn": "egn егн",
    "cnp": "cnp",
    "rc": "rodné rodne rč",
    "isikukood": "isikukood asmens personas kodas ik",
    "nik": "nik ktp",
    "cedula": "cédula cedula identidad",
    "inn": "инн inn",
    "zaid": "id identity identiteitsnommer",
    "teudat": "zehut teudat זהות id",
    "mynumber": "mynumber マイナンバー 個人番号",
    "rrn": "rrn 주민등록번호",
    "cpr": "cpr cprnr",
    "nric": "nric mykad resident 身份证 身份证号 身份證 公民身份号码",
    "thai": "บัตรประชาชน",
    "cnic": "cnic",
    "ahv": "ahv avs",
    "pps": "pps ppsn",
    "nir": "nir sécu insee",
    "nif": "nif contribuinte",
    "rijksregister": "rijksregisternummer insz niss",
    "passport": "passport passeport pasaporte reisepass",
    "driver": "driver licence license driving",
    "address": (
        "address addresses adresse adres adress dirección indirizzo endereço live lives lived living reside resides"
        " residing resident ship shipped deliver delivered delivery mail billing residence home house moved located"
        " wohnt wohnhaft anschrift habite domicilio адрес return"
    ),
    "version": "version versions ver release build firmware v chapter section oid",
    "other": (
        "order orders invoice ref reference isbn issn tracking ticket case serial sku ean upc gtin item part batch lot"
        " commit timestamp epoch price total amount usd eur gbp doi arxiv patent model article parcel shipment booking"
        " confirmation transaction quantity hash checksum id bestellung bestellnummer rechnung facture commande pedido"
        " factura protocol token pin code zip population since revision udid gene patients rows bytes"
    ),
}
_NUMBER_WORDS = """
    number numbers no nr nummer numero número numéro номер 番号 号码
"""
_NUMBERS = frozenset(_NUMBER_WORDS.split())
_AGAINST = frozenset(("other", "version"))
WORDS: dict[str, tuple[str, ...]] = {}
for _category, _words in _WORDS.items():
    for _word in _words.split():
        WORDS[_word.casefold()] = (*WORDS.get(_word.casefold(), ()), _category)


class Context:
    """The categories of the words around a value, read when they are first asked for.

    ``nearest`` holds those of the closest word before it that has any; ``numbered`` tells that no word before it has
    one, but that a number is spoken of.
    """

    __slots__ = ("_around", "_before", "_end", "_nearest", "_start", "_text")

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text, self._start, self._end = text, start, end
        self._before: list[str] | None = None
        self._nearest: tuple[str, ...] | None = None
        self._around: frozenset[str] | None = None

    def _words_before(self) -> list[str]:
        if self._before is None:
            self._before = _WORD.findall(self._text[max(0, self._start - BEFORE) : self._start].casefold())
        return self._before

    @property
    def nearest(self) -> tuple[str, ...]:
        if self._nearest is None:
            self._nearest = ()
            for word in reversed(self._words_before()):
                if word in WORDS:
                    self._nearest = WORDS[word]
                    break
        return self._nearest

    @property
    def around(self) -> frozenset[str]:
        if self._around is None:
            found = {category for word in self._words_before() if word in WORDS for category in WORDS[word]}
            after = self._text[self._end : self._end + AFTER].casefold()
            clause = _CLAUSE_END.search(after)
            for word in _WORD.findall(after[: clause.start()] if clause else after):
                if word in WORDS:
                    found.update(category for category in WORDS[word] if category not in _AGAINST)
            self._around = frozenset(found)
        return self._around

    @property
    def numbered(self) -> bool:
        return not self.nearest and not _NUMBERS.isdisjoint(self._words_before())

    def says(self, category: str) -> bool:
        """Tell whether a word for ``category`` stands near and none for something else stands nearer."""
        return category in self.nearest or (category in self.around and not self.contradicts)

    @property
    def contradicts(self) -> bool:
        return not _AGAINST.isdisjoint(self.nearest)
