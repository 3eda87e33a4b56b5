"""Replies at hand, in both languages: the product's until a chapter changes them. And their settings."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.chapters.own_texts import CANNED, Canned, canned_replies, said_before, say
from service.db import new_id
from service.errors import InvalidForm, InvalidValue, NotFound
from service.inbox.answer import LONGEST_ANSWER
from service.messages.catalog import LANGUAGES, Catalog
from service.privacy.scrub import scrub
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.texts_shown import every_reply_change, reply_changes
from service.web.forms import Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

USUAL = ("call_soon", "which_day", "call_us", "thanks", "in_time", "sorry")


def usual_replies(catalog: Catalog) -> dict[str, dict[str, str]]:
    """Return the product's replies: key -> language -> words."""
    return {
        key: {language: catalog.word("canned", key, language) for language in LANGUAGES}
        for key in USUAL
    }


def replies_at_hand(session: Session, desk: Desk) -> list[Canned]:
    """Return this chapter's replies."""
    return canned_replies(session, desk.chapter_id, usual_replies(desk.wiring.catalog))


@router.get("/settings/replies")
def replies(session: Read, desk: AtDesk) -> HTMLResponse:
    """List the replies at hand."""
    return desk.page("replies.html", replies=replies_at_hand(session, desk), languages=LANGUAGES)


@router.get("/settings/replies/new")
def new_reply(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show an empty form, with the key that the reply will have."""
    return _form(session, desk, new_id().hex, {})


@router.get("/settings/replies/history")
def replies_history(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show what every reply said before, those that are off the list too."""
    every = every_reply_change(session, desk, usual_replies(desk.wiring.catalog))
    return desk.page("replies_history.html", every=every, zone=_zone(session, desk))


@router.get("/settings/replies/{key}")
def edit_reply(session: Read, desk: AtDesk, key: str) -> HTMLResponse:
    """Show a reply to change it."""
    return _form(session, desk, key, dict(_get(session, desk, key).says))


@router.post("/settings/replies/{key}")
def save_reply(session: Write, desk: AtDesk, key: str, form: Form) -> Response:
    """Keep a reply in both languages."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(session, desk, key, form.typed, problems=problems, status=status)

    _check_key(session, desk, key)
    with form_again(again, desk.tell):
        says = _read(form)
        chapter = get_chapter(session, desk.chapter_id)
        say(session, chapter, CANNED + key, says, by=desk.viewer, now=desk.now)
    return go_to("/settings/replies")


@router.post("/settings/replies/{key}/again")
def use_again(session: Write, desk: AtDesk, key: str, form: Form) -> Response:
    """Say a reply again as it was said before, in that language: the row that the form names."""
    try:
        row = said_before(session, desk.chapter_id, CANNED + key, UUID(form["row"]))
    except ValueError:
        raise NotFound(None, f"no earlier words of {key}") from None
    chapter = get_chapter(session, desk.chapter_id)
    say(session, chapter, row.key, {row.language: row.says}, by=desk.viewer, now=desk.now)
    return go_to("/settings/replies/history")


@router.post("/settings/replies/{key}/remove")
def remove_reply(session: Write, desk: AtDesk, key: str) -> Response:
    """Take a reply off the list."""
    _get(session, desk, key)
    chapter = get_chapter(session, desk.chapter_id)
    gone = dict.fromkeys(LANGUAGES, "")
    say(session, chapter, CANNED + key, gone, by=desk.viewer, now=desk.now)
    return go_to("/settings/replies")


def _read(form: Sent) -> dict[str, str]:
    """Return the words. Raises InvalidForm: both languages, short enough, nothing never kept."""
    says, problems = {language: form[language] for language in LANGUAGES}, []
    for language, words in says.items():
        if not words:
            problems.append(InvalidValue(language, "missing"))
        elif len(words) > LONGEST_ANSWER:
            problems.append(InvalidValue(language, "too_long", limit=LONGEST_ANSWER))
        elif scrub(words) != words:
            problems.append(InvalidValue(language, "never_kept"))
    if problems:
        raise InvalidForm(problems)
    return says


def _get(session: Session, desk: Desk, key: str) -> Canned:
    for reply in replies_at_hand(session, desk):
        if reply.key == key:
            return reply
    raise NotFound(None, f"no reply {key}")


def _check_key(session: Session, desk: Desk, key: str) -> None:
    """Raise NotFound for a key that neither exists nor is a new one of ours."""
    try:
        UUID(hex=key)
    except ValueError:
        _get(session, desk, key)


def _form(
    session: Session, desk: Desk, key: str, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    known = any(reply.key == key for reply in replies_at_hand(session, desk))
    usual = usual_replies(desk.wiring.catalog).get(key, {})
    return desk.page(
        "reply_form.html", status=status, key=key, typed=typed, problems=problems or {},
        languages=LANGUAGES, is_known=known, longest=LONGEST_ANSWER,
        before=f"{get_chapter(session, desk.chapter_id).network_name}: ",
        changes=reply_changes(session, desk, key, usual), zone=_zone(session, desk),
    )  # fmt: skip


def _zone(session: Session, desk: Desk) -> str:
    return get_chapter(session, desk.chapter_id).time_zone
