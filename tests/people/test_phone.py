"""Reading phone numbers as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("555-0142", "bad_phone"),  # no area code: whose is it?
        ("413-155-0142", "bad_phone"), ("413-555-01422", "bad_phone"), ("413-555-014", "bad_phone"),
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
