"""National identity numbers: the shapes they are written in, and the checks of ``python-stdnum``."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from stdnum.at import vnr as at_vnr
from stdnum.be import nn as be_nn
from stdnum.bg import egn as bg_egn
from stdnum.br import cpf as br_cpf
from stdnum.ca import sin as ca_sin
from stdnum.ch import ssn as ch_ssn
from stdnum.cl import rut as cl_rut
from stdnum.cn import ric as cn_ric
from stdnum.cz import rc as cz_rc
from stdnum.de import idnr as de_idnr
from stdnum.dk import cpr as dk_cpr
from stdnum.do import cedula as do_cedula
from stdnum.ec import ci as ec_ci
from stdnum.ee import ik as ee_ik
from stdnum.es import dni as es_dni
from stdnum.es import nie as es_nie
from stdnum.fi import hetu as fi_hetu
from stdnum.fr import nir as fr_nir
from stdnum.gb import nhs as gb_nhs
from stdnum.gr import amka as gr_amka
from stdnum.hr import oib as hr_oib
from stdnum.id import nik as id_nik
from stdnum.ie import pps as ie_pps
from stdnum.il import idnr as il_idnr
from stdnum.in_ import aadhaar as in_aadhaar
from stdnum.in_ import pan as in_pan
from stdnum.it import codicefiscale as it_cf
from stdnum.jp import in_ as jp_in
from stdnum.kr import rrn as kr_rrn
from stdnum.lt import asmens as lt_asmens
from stdnum.mx import curp as mx_curp
from stdnum.my import nric as my_nric
from stdnum.nl import bsn as nl_bsn
from stdnum.no import fodselsnummer as no_fn
from stdnum.pk import cnic as pk_cnic
from stdnum.pl import pesel as pl_pesel
from stdnum.pt import nif as pt_nif
from stdnum.ro import cnp as ro_cnp
from stdnum.ru import inn as ru_inn
from stdnum.se import personnummer as se_pnr
from stdnum.th import pin as th_pin
from stdnum.tr import tckimlik as tr_tc
from stdnum.us import itin as us_itin
from stdnum.za import idnr as za_id

from apps.datasets.inspection.sensitive.context import Context
from apps.datasets.inspection.sensitive.phones import Shape

Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Digits:
    """A number of digits alone. ``alone`` is its confidence without a word beside it: 0 asks for the word."""

    check: Check
    word: str
    alone: float = 0.0
    marks: str = ""


def _table(*rows: tuple[Shape, Digits]) -> dict[Shape, tuple[Digits, ...]]:
    found: dict[Shape, tuple[Digits, ...]] = {}
    for shape, number in rows:
        found[shape] = (*found.get(shape, ()), number)
    return found


BY_SHAPE: dict[Shape, tuple[Digits, ...]] = _table(
    ((3, 3, 3, 2), Digits(br_cpf.is_valid, "cpf", 0.9, ".-")),
    ((3, 3, 3, 2), Digits(br_cpf.is_valid, "cpf")),
    ((11,), Digits(br_cpf.is_valid, "cpf")),
    ((11,), Digits(pl_pesel.is_valid, "pesel", 0.45)),
    ((11,), Digits(de_idnr.is_valid, "steuer")),
    ((2, 3, 3, 3), Digits(de_idnr.is_valid, "steuer", 0.5)),
    ((11,), Digits(tr_tc.is_valid, "kimlik")),
    ((11,), Digits(hr_oib.is_valid, "oib")),
    ((11,), Digits(gr_amka.is_valid, "amka")),
    ((11,), Digits(no_fn.is_valid, "fodsel", 0.6)),
    ((6, 5), Digits(no_fn.is_valid, "fodsel", 0.8)),
    ((11,), Digits(ee_ik.is_valid, "isikukood", 0.45)),
    ((11,), Digits(lt_asmens.is_valid, "isikukood", 0.45)),
    ((11,), Digits(be_nn.is_valid, "rijksregister", 0.45)),
    ((2, 2, 2, 3, 2), Digits(be_nn.is_valid, "rijksregister", 0.95, ".-")),
    ((11,), Digits(do_cedula.is_valid, "cedula")),
    ((3, 7, 1), Digits(do_cedula.is_valid, "cedula", 0.8)),
    ((10,), Digits(ec_ci.is_valid, "cedula")),
    ((10,), Digits(bg_egn.is_valid, "egn")),
    ((10,), Digits(gb_nhs.is_valid, "nhs")),
    ((3, 3, 4), Digits(gb_nhs.is_valid, "nhs")),
    ((10,), Digits(at_vnr.is_valid, "ssn")),
    ((6, 4), Digits(se_pnr.is_valid, "fodsel", 0.8, "-")),
    ((8, 4), Digits(se_pnr.is_valid, "fodsel", 0.9, "-")),
    ((12,), Digits(se_pnr.is_valid, "fodsel", 0.5)),
    ((6, 4), Digits(dk_cpr.is_valid, "cpr", 0.6, "-")),
    ((6, 4), Digits(cz_rc.is_valid, "rc", 0.9, "/")),
    ((10,), Digits(cz_rc.is_valid, "rc")),
    ((9,), Digits(nl_bsn.is_valid, "bsn")),
    ((4, 2, 3), Digits(nl_bsn.is_valid, "bsn")),
    ((9,), Digits(ca_sin.is_valid, "sin")),
    ((3, 3, 3), Digits(ca_sin.is_valid, "sin", 0.0)),
    ((9,), Digits(pt_nif.is_valid, "nif")),
    ((3, 3, 3), Digits(pt_nif.is_valid, "nif")),
    ((9,), Digits(il_idnr.is_valid, "teudat")),
    ((12,), Digits(in_aadhaar.is_valid, "aadhaar")),
    ((4, 4, 4), Digits(in_aadhaar.is_valid, "aadhaar", 0.6)),
    ((12,), Digits(jp_in.is_valid, "mynumber")),
    ((4, 4, 4), Digits(jp_in.is_valid, "mynumber")),
    ((12,), Digits(ru_inn.is_valid, "inn")),
    ((6, 2, 4), Digits(my_nric.is_valid, "nric", 0.8, "-")),
    ((13,), Digits(za_id.is_valid, "zaid", 0.45)),
    ((6, 4, 3), Digits(za_id.is_valid, "zaid", 0.6)),
    ((13,), Digits(ro_cnp.is_valid, "cnp", 0.6)),
    ((6, 7), Digits(kr_rrn.is_valid, "rrn", 0.9, "-")),
    ((1, 4, 5, 2, 1), Digits(th_pin.is_valid, "thai", 0.95, "-")),
    ((5, 7, 1), Digits(pk_cnic.is_valid, "cnic", 0.8, "-")),
    ((3, 4, 4, 2), Digits(ch_ssn.is_valid, "ahv", 0.95, ".")),
    ((13,), Digits(ch_ssn.is_valid, "ahv", 0.8)),
    ((15,), Digits(fr_nir.is_valid, "nir", 0.7)),
    ((13, 2), Digits(fr_nir.is_valid, "nir", 0.9)),
    ((1, 2, 2, 2, 3, 3, 2), Digits(fr_nir.is_valid, "nir", 0.95)),
    ((16,), Digits(id_nik.is_valid, "nik")),
    ((18,), Digits(cn_ric.is_valid, "nric", 0.95)),
    ((3, 2, 4), Digits(us_itin.is_valid, "ssn", 0.85, "-")),
)
SOCIAL_SECURITY: frozenset[Shape] = frozenset({(3, 2, 4), (9,)})
SURE = 0.9
_SSN_ADVERTISED = frozenset({"078051120", "219099999", "457555462"})


def confidence(shape: Shape, digits: str, written: str, context: Context) -> float:
    """Return how sure it is that the digits are some country's identity number; 0 for no."""
    sure = 0.0
    blocked = context.contradicts and "zaid" not in context.nearest
    for number in BY_SHAPE.get(shape, ()):
        if any(char not in number.marks for char in written if not char.isdigit() and number.marks):
            continue
        named = context.says(number.word) or (context.says("ssn") and number.alone > 0)
        if not named and (not number.alone or (blocked and number.alone < SURE)):
            continue
        if number.check(digits):
            sure = max(sure, 0.95 if named else number.alone)
    return sure


def social_security_confidence(shape: Shape, digits: str, written: str, context: Context) -> float:
    """Return how sure it is that the digits are a US social security number.

    Area 000, 666 and 900 to 999, group 00 and serial 0000 are never given out (20 CFR 422.103; SSA, 2011).
    """
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    if area in ("000", "666") or area[0] == "9" or group == "00" or serial == "0000" or len(set(digits)) == 1:
        return 0.0
    if digits in _SSN_ADVERTISED:
        return 0.5
    named = context.says("ssn")
    if shape == (9,):
        return 0.7 if named else 0.0
    if named:
        return 0.95
    if context.contradicts:
        return 0.0
    separators = {char for char in written if not char.isdigit()}
    return 0.85 if separators == {"-"} else 0.45 if len(separators) == 1 else 0.0


@dataclass(frozen=True, slots=True)
class Lettered:
    """A number with letters: what hyperscan looks for, what Python confirms, the check and the confidence."""

    trigger: bytes
    pattern: re.Pattern[str]
    check: Check
    word: str
    alone: float


def _lettered(pattern: str, check: Check, word: str, alone: float) -> Lettered:
    return Lettered(
        rb"\b" + pattern.encode(),
        re.compile(rf"(?<![\w-]){pattern}(?![\w-])", re.IGNORECASE | re.ASCII),
        check,
        word,
        alone,
    )


def _insurance_number(number: str) -> bool:
    """Check a UK national insurance number: prefixes that are never given out (HMRC, NIM39110)."""
    prefix = number[:2].upper()
    return prefix not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"} and not (
        set("DFIQUV") & set(prefix) or prefix[1] == "O"
    )


LETTERED: tuple[Lettered, ...] = (
    _lettered(r"[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]", it_cf.is_valid, "dni", 0.95),
    _lettered(r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]", mx_curp.is_valid, "dni", 0.95),
    _lettered(r"[0-9]{8}[ -]?[A-HJ-NP-TV-Z]", es_dni.is_valid, "dni", 0.7),
    _lettered(r"[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z]", es_nie.is_valid, "dni", 0.9),
    _lettered(r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-Y]", fi_hetu.is_valid, "dni", 0.9),
    _lettered(r"[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]", _insurance_number, "nin", 0.75),
    _lettered(r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", in_pan.is_valid, "pan", 0.7),
    _lettered(r"[0-9]{7}[A-W][A-IW]?", ie_pps.is_valid, "pps", 0.5),
    _lettered(r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9K]", cl_rut.is_valid, "dni", 0.9),
    _lettered(r"[0-9]{17}X", cn_ric.is_valid, "dni", 0.95),
)
