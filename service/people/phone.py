"""Read a phone number as people write it."""

from __future__ import annotations

from collections.abc import Collection

import phonenumbers

from service.errors import InvalidValue


def read_phone(text: str, countries: Collection[str], *, field: str = "phone") -> str:
    """Return the number in E.164 ("+14135550142").

    countries: ISO codes that may be texted; the first says how a number without + is read.
    Raises InvalidValue on `field`: "bad_phone" when it is no number, "country_not_allowed" when it
    is one abroad. The number itself is never part of the error.
    """
    home = next(iter(countries), "US")
    try:
        number = phonenumbers.parse(text, home)
    except phonenumbers.NumberParseException:
        raise InvalidValue(field, "bad_phone") from None
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise InvalidValue(field, "bad_phone")
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
