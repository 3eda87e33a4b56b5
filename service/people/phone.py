"""Read a phone number as people write it."""

from __future__ import annotations

from collections.abc import Collection

import phonenumbers
import regex
from phonenumbers import PhoneNumber, PhoneNumberType, ValidationResult

from service.errors import InvalidValue

# A country's code without +, and as many digits as people write there, in their own groups: "503 7012
# 3456", "(52) 951 234 5678". "50370123456" may be a number of Oregon with a digit too many.
_MEXICO = r"52\)?[\s.-]*(?:(?:1|01|044|045)[\s.-]*)?\(?(?:\d[\s.()-]*){10}"
_WITHOUT_PLUS = regex.compile(
    rf"^\s*\(?(?=(?:50[1-7](?:\)[\s.-]*|[\s.-]+)\d{{4}}[\s.-]*\d{{4}}|{_MEXICO})\s*$)"
)
_SERVICE_EXCHANGE = regex.compile(r"1\d{3}[2-9]11\d{4}")  # 211 to 911 are no exchanges


def read_phone(text: str, countries: Collection[str], *, field: str = "phone") -> str:
    """Return the number that a person wrote, in E.164 ("+14135550142").

    countries: ISO codes that may be texted; the first says how a number without + is read.
    Raises InvalidValue on `field`: "bad_phone" when nobody can have that number (no area code, a digit
    too many, an extension), "country_not_allowed" when it is one abroad. The number itself is never
    part of the error.
    """
    number = _parse(text, countries, field)
    if not phonenumbers.is_valid_number(number) or number.extension or _has_no_exchange(number):
        raise InvalidValue(field, "bad_phone")
    return _allowed(number, countries, field)


def read_sender(text: str, countries: Collection[str]) -> str:
    """Return the number that a text came from, as the carrier says it, in E.164.

    It exists, for somebody texts from it: an area code newer than our tables is believed.
    Raises InvalidValue as `read_phone` does.
    """
    number = _parse(text, countries, "phone")
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise InvalidValue("phone", "bad_phone")
    return _allowed(number, countries, "phone")


def _parse(text: str, countries: Collection[str], field: str) -> PhoneNumber:
    home = next(iter(countries), "US")
    # 00 is how most of the world dials abroad, 011 how we do, and some write neither.
    plain = regex.sub(r"^\s*(?:00|011(?=[\s.-]*[1-9]))(?=[\s.-]*[1-9])", "+", text)
    plain = regex.sub(_WITHOUT_PLUS, "+", plain)
    # Mexico's mobiles were once written "+52 1", and behind 044, 045 or 01 at home; some write both.
    plain = regex.sub(r"^(\D*52\D*)(?:1|01|044|045)(?=(?:\D*\d){10}\D*$)", r"\1", plain)
    if home == "MX":
        plain = regex.sub(r"^\D*(?:044|045|01)(?=(?:\D*\d){10}\D*$)", "", plain)
    try:
        return phonenumbers.parse(plain, home)
    except phonenumbers.NumberParseException:
        raise InvalidValue(field, "bad_phone") from None


def _has_no_exchange(number: PhoneNumber) -> bool:
    """Return whether it has a service code for its exchange; toll-free numbers may (800 411 0142)."""
    written = f"{number.country_code}{number.national_number}"
    if not _SERVICE_EXCHANGE.fullmatch(written):
        return False
    return phonenumbers.number_type(number) != PhoneNumberType.TOLL_FREE


def _allowed(number: PhoneNumber, countries: Collection[str], field: str) -> str:
    country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    region = phonenumbers.region_code_for_number(number) or country
    if country not in countries or region not in countries:
        raise InvalidValue(field, "country_not_allowed")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def as_printed(e164: str) -> str:
    """Return the number as people write it at home: 413-555-0142."""
    number = phonenumbers.parse(e164)
    if number.country_code == 1:
        digits = str(number.national_number)
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
