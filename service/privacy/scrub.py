"""Take out of a text what must never be stored. Pure."""

from __future__ import annotations

import re
from datetime import date

REMOVED = "[removed]"

_SSN = re.compile(r"(?<!\d)\d{3}[- ]\d{2}[- ]\d{4}(?!\d)")
_A_NUMBER = re.compile(r"(?<![\w+])(A[-# ]?)?(\d{3}[- ]?\d{3}[- ]?\d{2,3})(?![-\d])", re.IGNORECASE)


def scrub(text: str) -> str:
    """Return `text` without A-numbers (8 or 9 digits, with or without the A) and SSNs.

    A date written together (03102026) stays; so does a phone number, which has ten digits or more.
    """
    return _A_NUMBER.sub(_keep_dates, _SSN.sub(REMOVED, text))


def _keep_dates(match: re.Match[str]) -> str:
    digits = match.group(2)
    if match.group(1) is None and len(digits) == 8 and digits.isdigit() and _is_date(digits):
        return match.group(0)
    return REMOVED


def _is_date(digits: str) -> bool:
    orders = ((4, 0, 2), (4, 2, 0), (0, 4, 6))  # MMDDYYYY, DDMMYYYY, YYYYMMDD: year, month, day at
    for year, month, day in orders:
        try:
            made = date(
                int(digits[year : year + 4]),
                int(digits[month : month + 2]),
                int(digits[day : day + 2]),
            )
        except ValueError:
            continue
        if 1920 <= made.year <= 2100:
            return True
    return False
