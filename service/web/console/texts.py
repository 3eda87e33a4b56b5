"""The texts that we send on our own, in a chapter's words: looked through, changed, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.examples import examples_of
from service.chapters.find import get_chapter
from service.chapters.own_texts import TEXT, said_before, say
from service.errors import InvalidForm, InvalidValue, NotFound, WrongState
from service.messages.catalog import LANGUAGES
from service.messages.rewording import check_rewording, load_rules
from service.privacy.scrub import scrub
from service.replies.printed import check_commands
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.texts_shown import (
    changes_of,
    counter_of,
    find_texts,
    text_shown,
    texts_shown,
)
from service.web.console.writing import changed, is_change_only
from service.web.forms import Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

FIELD = "text_"  # and the language


@router.get("/settings/texts")
def texts(session: Read, desk: AtDesk, group: str = "", q: str = "") -> HTMLResponse:
    """List what happens, or the texts of one such moment, or those in which words are."""
    every = texts_shown(session, desk)
    rules = load_rules()
    if group not in rules.groups:
        group = ""
    found = find_texts(every, group=group, words=q.strip())
    return desk.page(
        "texts.html", typed={"q": q}, group=group, q=q.strip(), found=found,
        groups=[
            (name, len(keys), sum(one.is_own for one in every if one.group == name),
             sum(bool(one.behind) for one in every if one.group == name))
            for name, keys in rules.groups.items()
        ],
    )  # fmt: skip


@router.get("/settings/texts/{key}")
def edit_text(session: Read, desk: AtDesk, key: str, kept: str = "") -> HTMLResponse:
    """Show a text in both languages, what it has to keep, and what it said before."""
    _must_exist(desk, key)
    says = text_shown(session, desk, key).says
    typed = {FIELD + language: says[language] for language in LANGUAGES}
    return _form(session, desk, key, typed, is_kept=bool(kept))


@router.post("/settings/texts/{key}")
def save_text(session: Write, desk: AtDesk, key: str, form: Form) -> Response:
    """Keep a text in the chapter's words; who writes the original again has none of their own."""
    _must_exist(desk, key)
    if key in load_rules().fixed:
        raise WrongState("text_fixed", f"the words of {key} are fixed")
    if is_change_only(form):
        return _form(session, desk, key, changed(form))

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(session, desk, key, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        says = _read(session, desk, key, form)
        _say(session, desk, key, says, all_looked_at=form.is_ticked("other_is_fine"))
    return go_to(f"/settings/texts/{key}?kept=yes")


@router.post("/settings/texts/{key}/back")
def take_text_back(session: Write, desk: AtDesk, key: str, form: Form) -> Response:
    """Say a text as it came with the product, or as it was said before: the row that the form names."""
    _must_exist(desk, key)
    if not form["row"]:
        _say(session, desk, key, dict.fromkeys(LANGUAGES, ""))
        return go_to(f"/settings/texts/{key}?kept=yes")
    try:
        row = said_before(session, desk.chapter_id, TEXT + key, UUID(form["row"]))
    except ValueError:
        raise NotFound(None, f"no earlier words of {key}") from None

    def again(problems: Mapping[str, str], status: int) -> Response:
        shown = text_shown(session, desk, key).says
        typed = {FIELD + each: shown[each] for each in LANGUAGES} | {FIELD + row.language: row.says}
        return _form(session, desk, key, typed, problems=problems, status=status)

    with form_again(again, desk.tell):  # what fitted then may not fit now
        if row.says:
            problem = _problem(session, desk, key, row.language, row.says)
            if problem is not None:
                raise InvalidForm([problem])
        _say(session, desk, key, {row.language: row.says})
    return go_to(f"/settings/texts/{key}?kept=yes")


def _say(
    session: Session, desk: Desk, key: str, says: Mapping[str, str], *, all_looked_at: bool = False
) -> None:
    chapter = get_chapter(session, desk.chapter_id)
    say(
        session, chapter, TEXT + key, says, by=desk.viewer, now=desk.now,
        all_looked_at=all_looked_at,
    )  # fmt: skip


def _read(session: Session, desk: Desk, key: str, form: Sent) -> dict[str, str]:
    """Return the words, "" for the original's. Raises InvalidForm with what is wrong in each language."""
    original = desk.wiring.catalog.template(key).says
    says = {language: " ".join(form[FIELD + language].split()) for language in LANGUAGES}
    own = {each: words for each, words in says.items() if words != " ".join(original[each].split())}
    found = (_problem(session, desk, key, each, words) for each, words in own.items())
    problems = [problem for problem in found if problem is not None]
    if problems:
        raise InvalidForm(problems)
    return {language: own.get(language, "") for language in LANGUAGES}


def _problem(
    session: Session, desk: Desk, key: str, language: str, says: str
) -> InvalidValue | None:
    if scrub(says) != says:
        return InvalidValue(FIELD + language, "never_kept")
    catalog = desk.wiring.catalog
    chapter = get_chapter(session, desk.chapter_id)
    longest = examples_of(session, chapter, catalog, now=desk.now)[language].longest
    return check_rewording(
        catalog, key, language, says, longest, check_commands, field=FIELD + language
    )


def _must_exist(desk: Desk, key: str) -> None:
    if key not in desk.wiring.catalog.templates:
        raise NotFound(None, f"no text {key}")


def _form(
    session: Session, desk: Desk, key: str, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None, is_kept: bool = False,
) -> HTMLResponse:  # fmt: skip
    text = text_shown(session, desk, key)
    return desk.page(
        "text.html", status=status, typed=typed, problems=problems or {}, text=text,
        texts=counter_of(session, desk, key, typed), is_kept=is_kept, languages=LANGUAGES,
        changes=changes_of(session, desk, key),
        zone=get_chapter(session, desk.chapter_id).time_zone,
    )  # fmt: skip
