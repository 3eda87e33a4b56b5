"""`acompana explain`: why a text, date or number is read as it is, and what a text costs.

Each sub-command takes one text, or with --jsonl one JSON object a line: the answers come in the same
order, and what else stood in a line stays in it. Nothing is written down and no database is needed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from service.errors import InvalidValue, Misuse
from service.messages.segments import count_anything
from service.people.phone import read_phone
from service.replies.dates.when import Question, read_when
from service.replies.intents import Expecting, Intent
from service.replies.parse import parse

app = typer.Typer(help="Why a text was read as it was.", no_args_is_help=True)

Given = Mapping[str, Any]
REACHED = ("US", "PR", "CA", "MX", "GT", "SV", "HN", "NI", "CR", "PA", "BZ")
LANGUAGES = ("en", "es")
# The words of the inbox where they differ from the reader's own.
IN_WORDS = {
    Intent.CHOICE: "choose",
    Intent.UNKNOWN: "other",
    Intent.HERE: "arrived",
    Intent.IN: "arrived",
    Intent.OUT: "left",
    Intent.WAITING: "safety",
    Intent.CHANGE: "checkin",
    Intent.CALLED: "action",
    Intent.SIGNED: "action",
    Intent.WROTE: "action",
    Intent.ERASE: "stop",
    Intent.REPORT: "other",
    Intent.AREA: "other",
    Intent.LIST: "other",
    Intent.LINK: "other",
    Intent.VOUCH: "other",
    Intent.LEAVE: "stop",
    Intent.TALK: "other",
    Intent.LOCK: "other",
    Intent.APPROVE: "other",
    Intent.UNDO: "other",
    Intent.MUTE: "other",
    Intent.RELAY: "other",
}
ASKS_BACK = {
    Question.NO_DAY: "no day is named",
    Question.SEVERAL_DAYS: "more than one day could be meant",
    Question.NO_SUCH_DAY: "there is no such day",
    Question.DAY_OR_MONTH: "either number could be the month",
    Question.WEEKDAY_DIFFERS: "that date falls on another weekday",
    Question.WHICH_WEEK: "this week or the week after?",
    Question.PAST: "that day or hour has gone by",
    Question.FAR: "that is more than eighteen months away",
    Question.WINDOW: "from one hour to another: when must they be there?",
    Question.SEVERAL_TIMES: "more than one time is named",
    Question.AM_OR_PM: "morning or evening?",
    Question.WEEKEND: "offices are closed at weekends: is it right?",
    Question.HOLIDAY: "that is a public holiday: is it right?",
}
BAD_PHONE = {
    "bad_phone": "this is no phone number",
    "country_not_allowed": "this is a number of another country",
}

Lines = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line, in and out.")]
OneText = Annotated[str | None, typer.Argument(help="What somebody wrote.")]


@app.command()
def reply(text: OneText = None, jsonl: Lines = False, language: str = "en", asks: int = 1) -> None:
    """Say what a text means. With --jsonl: {"text", "language"?, "open_asks"?}."""
    _explain(jsonl, {"text": text, "language": language, "open_asks": asks}, explain_reply)


@app.command()
def when(
    text: OneText = None, jsonl: Lines = False, language: str = "en", now: str = "",
    country: str = "US",
) -> None:  # fmt: skip
    """Say what day and time a text names. With --jsonl: {"text", "language", "now", "country"?}."""
    moment = now or datetime.now(UTC).astimezone().isoformat()
    given = {"text": text, "language": language, "now": moment, "country": country}
    _explain(jsonl, given, explain_when)


@app.command()
def phone(text: OneText = None, jsonl: Lines = False, region: str = "US") -> None:
    """Say which phone number is meant. With --jsonl: {"raw", "region"?}."""
    _explain(jsonl, {"raw": text, "region": region}, explain_phone)


@app.command()
def segments(text: OneText = None, jsonl: Lines = False) -> None:
    """Say how many segments a text costs. With --jsonl: {"text"}."""
    _explain(jsonl, {"text": text}, explain_segments)


def explain_reply(given: Given) -> dict[str, Any]:
    """Return intent, party, remainder, certainty, why. Raises Misuse.

    A no of somebody who had said yes ("ya no puedo ir") is "withdraw" where nothing is open.
    """
    asks = given.get("open_asks", 1)
    if isinstance(asks, bool) or not isinstance(asks, int) or asks < 0:
        raise Misuse("open_asks: should be a number from 0")
    open_ = Expecting() if asks == 0 else Expecting.yes_no() if asks == 1 else Expecting.asks(asks)
    read = parse(_text(given, "text"), language=_language(given), expecting=open_)
    has_left = read.withdraws and asks == 0
    return {
        "intent": "withdraw" if has_left else IN_WORDS.get(read.intent, read.intent.value),
        "party": read.party,
        "remainder": read.remainder,
        "certainty": read.how_sure.value,
        "why": read.why,
    }


def explain_when(given: Given) -> dict[str, Any]:
    """Return when (a date alone where no time is named) and question. Raises Misuse."""
    now = _moment(given)
    country = _text(given, "country", "US").upper()
    read = read_when(_text(given, "text"), language=_language(given), now=now, country=country)
    said = None
    if read.day is not None and read.at is not None:
        said = datetime.combine(read.day, read.at, now.tzinfo).isoformat()
    elif read.day is not None:
        said = read.day.isoformat()
    return {"when": said, "question": ASKS_BACK[read.question] if read.question else None}


def explain_phone(given: Given) -> dict[str, Any]:
    """Return e164 and why. Raises Misuse."""
    region = _text(given, "region", "US").upper()
    try:
        number = read_phone(_text(given, "raw"), dict.fromkeys((region, *REACHED)))
    except InvalidValue as error:
        return {"e164": None, "why": BAD_PHONE.get(error.code, error.code)}
    return {"e164": number, "why": f"read as people in {region} write it"}


def explain_segments(given: Given) -> dict[str, Any]:
    """Return encoding, segments, units, costly. Raises Misuse."""
    found = count_anything(_text(given, "text"))
    return {
        "encoding": found.encoding,
        "segments": found.parts,
        "units": found.units,
        "costly": list(found.offending),
    }


# --- in and out ----------------------------------------------------------------------------------


def _explain(
    is_jsonl: bool, given: dict[str, Any], explain: Callable[[Given], dict[str, Any]]
) -> None:
    if is_jsonl:
        _each_line(explain)
        return
    if next(iter(given.values())) is None:
        raise Misuse("say which text: acompana explain reply 'si pero llego tarde', or use --jsonl")
    for name, value in explain(given).items():
        print(f"{name}: {_written(value)}")


def _each_line(explain: Callable[[Given], dict[str, Any]]) -> None:
    """Explain each line of stdin; a line that can't be says so in its place, and the rest go on."""
    failed = 0
    for line in sys.stdin:
        if not line.strip():
            continue
        answer: dict[str, Any] = {}
        try:
            answer = _object(line)
            answer |= explain(answer)
        except Misuse as error:
            failed += 1
            answer |= {"error": str(error)}
        print(json.dumps(answer, ensure_ascii=False))
    if failed:
        raise Misuse(f'{failed} lines could not be read; each says why under "error"')


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Misuse("line: should be one JSON object")
    return found


def _text(given: Given, name: str, otherwise: str | None = None) -> str:
    value = given.get(name, otherwise)
    if not isinstance(value, str):
        raise Misuse(f"{name}: should be a text")
    return value


def _language(given: Given) -> str:
    language = _text(given, "language", "en")
    if language not in LANGUAGES:
        raise Misuse(f"language: should be one of {', '.join(LANGUAGES)}")
    return language


def _moment(given: Given) -> datetime:
    try:
        now = datetime.fromisoformat(_text(given, "now"))
    except ValueError:
        now = None
    if now is None or now.utcoffset() is None:
        raise Misuse("now: should be like 2026-03-02T10:00:00-05:00")
    return now


def _written(value: object) -> str:
    if isinstance(value, list):
        return " ".join(str(one) for one in value) or "none"
    return "none" if value is None else str(value)
