"""Reading phone numbers as people write them."""

from __future__ import annotations

import contextlib

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from service.errors import InvalidValue
from service.people.phone import as_printed, read_phone, read_sender

HOME = ("US", "PR", "CA")
FAR = (*HOME, "MX", "GT", "SV", "HN", "NI", "CR", "PA", "BZ")


@pytest.mark.parametrize(
    "written",
    [
        "413-555-0142", "(413) 555-0142", "413.555.0142", "413 555 0142", "4135550142", "1-413-555-0142",
        "+1 413 555 0142", "+1 (413) 555-0142", " 413-555-0142 ", "tel:+14135550142", "１-413-555-0142",
        "001 413 555 0142",
    ],
)  # fmt: skip
def test_one_number_however_it_is_written(written: str) -> None:
    assert read_phone(written, HOME) == "+14135550142"
    assert as_printed("+14135550142") == "413-555-0142"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("787 555 0142", "+17875550142"), ("+1 416 555 0142", "+14165550142"),
        ("+52 55 5555 0142", "+525555550142"), ("+52 1 55 5555 0142", "+525555550142"),
        ("011 52 55 5555 0142", "+525555550142"), ("00 52 55 5555 0142", "+525555550142"),
        ("+502 2255 0142", "+50222550142"), ("+503 2255-0142", "+50322550142"),
        ("+504 2255 0142", "+50422550142"), ("+505 2255 0142", "+50522550142"),
        ("+506 2255 0142", "+50622550142"), ("+507 225-0142", "+5072250142"),
        ("+501 622-0142", "+5016220142"),
    ],
)  # fmt: skip
def test_numbers_of_the_families_other_countries(written: str, number: str) -> None:
    assert read_phone(written, FAR) == number


REGIONS = ("US", "CA", "PR", "MX", "GT", "SV", "HN", "NI", "CR", "PA", "BZ")
KINDS = (
    PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP, PhoneNumberType.TOLL_FREE,
)  # fmt: skip


def ways_to_write(number: PhoneNumber) -> list[str]:
    """Return a number as people write it at home, abroad and from a phone here."""
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    home = phonenumbers.national_significant_number(number)
    formats = (
        PhoneNumberFormat.INTERNATIONAL,
        PhoneNumberFormat.NATIONAL,
        PhoneNumberFormat.RFC3966,
    )
    return [
        e164, home, f"{home[:3]}-{home[3:]}", f"({home[:2]}) {home[2:]}", f"00{e164[1:]}",
        e164.replace("+", "+ "), f" {e164}\u00a0",
        phonenumbers.format_out_of_country_calling_number(number, "US"),
        *(phonenumbers.format_number(number, one) for one in formats),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("region", REGIONS)
def test_every_kind_of_number_of_a_region_however_it_is_written(region: str, kind: int) -> None:
    number = phonenumbers.example_number_for_type(region, kind)
    if number is None:
        return
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    for written in ways_to_write(number):
        assert read_phone(written, dict.fromkeys((region, *REGIONS))) == e164, written


@pytest.mark.parametrize(
    ("written", "home", "number"),
    [
        ("044 55 5555 0142", "MX", "+525555550142"), ("01 55 5555 0142", "MX", "+525555550142"),
        ("045 33 1234 5678", "MX", "+523312345678"), ("52 55 5555 0142", "US", "+525555550142"),
        ("503 7012 3456", "US", "+50370123456"), ("502 2255-0142", "US", "+50222550142"),
        ("011-503-7012-3456", "SV", "+50370123456"), ("525555550142", "US", "+525555550142"),
        ("5215555550142", "US", "+525555550142"), ("521 55 5555 0142", "US", "+525555550142"),
        ("52-1-55-5555-0142", "US", "+525555550142"), ("(52) 55 5555 0142", "US", "+525555550142"),
        ("+52 044 55 5555 0142", "US", "+525555550142"), ("+52 01 55 5555 0142", "US", "+525555550142"),
        ("+(52) 55-5555-0142", "US", "+525555550142"), ("0445555550142", "MX", "+525555550142"),
        ("(502) 2255-0142", "US", "+50222550142"), ("[413] 555-0142", "US", "+14135550142"),
        ("413/555/0142", "US", "+14135550142"), ("41 35 55 01 42", "US", "+14135550142"),
        ("٤١٣٥٥٥٠١٤٢", "US", "+14135550142"), ("413–555–0142", "US", "+14135550142"),
        ("cell 413-555-0142", "US", "+14135550142"), ("1.413.555.0142", "CA", "+14135550142"),
    ],
)  # fmt: skip
def test_the_ways_of_their_countries(written: str, home: str, number: str) -> None:
    assert read_phone(written, dict.fromkeys((home, *REGIONS))) == number


def test_a_digit_too_many_makes_no_number_abroad() -> None:
    for written in ("502-555-01421", "50255501421"):
        with pytest.raises(InvalidValue):
            read_phone(written, REGIONS)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("555-0142", "bad_phone"),  # no area code: whose is it?
        ("413-155-0142", "bad_phone"), ("413-555-01422", "bad_phone"), ("413-555-014", "bad_phone"),
        ("413-911-0142", "bad_phone"), ("211-555-0142", "bad_phone"), ("413-055-0142", "bad_phone"),
        ("111-111-1111", "bad_phone"), ("123-456-7890", "bad_phone"), ("413-555-0142 x12", "bad_phone"),
        ("413-555-0142 or 413-555-0143", "bad_phone"), ("413_555_0142", "bad_phone"),
        ("911", "bad_phone"), ("", "bad_phone"), ("my phone", "bad_phone"),
        ("413-555-0142 ext 5", "bad_phone"), ("+44 20 7946 0123", "country_not_allowed"),
        ("+1 876 555 0142", "country_not_allowed"), ("+52 55 5555 0142", "country_not_allowed"),
    ],
)  # fmt: skip
def test_what_is_no_number_or_one_abroad_is_refused_without_quoting_it(
    written: str, code: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_phone(written, HOME)
    assert (refused.value.code, refused.value.field) == (code, "phone")
    assert not written or written not in str(refused.value)


def test_a_service_code_is_an_exchange_of_toll_free_numbers_only() -> None:
    assert read_phone("800-411-0142", HOME) == "+18004110142"


def test_a_sender_is_believed_where_our_tables_are_older_than_its_area_code() -> None:
    assert read_sender("+15005550142", HOME) == "+15005550142"
    with pytest.raises(InvalidValue):
        read_phone("+19995550142", HOME)
    assert read_sender("+19995550142", HOME) == "+19995550142"
    with pytest.raises(InvalidValue):
        read_sender("5550142", HOME)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    for read in (read_phone, read_sender):
        with contextlib.suppress(InvalidValue):
            assert read(text, HOME).startswith("+1")
