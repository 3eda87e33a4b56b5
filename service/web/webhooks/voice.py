"""Calls: what to say when somebody picks up, which key they pressed, and how it ended."""

from __future__ import annotations

import hmac
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlmodel import Session

from service.calls.heard import find_call, record_news
from service.calls.plan import digit_by_digit
from service.calls.tables import VoiceCall
from service.chapters.find import get_chapter
from service.checkins.safety.press import is_of_use, press
from service.outbox.drill import said_in_front
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.sms.inbound import CallNews, NotAWebhook, read_call_news
from service.sms.voice import ask_for_key, callback_url, say_and_end
from service.web.session import Now, Parts, write_in_turn
from service.web.webhooks.signed import SignedForm, nothing_to_say
from service.wiring import Wiring

router = APIRouter(prefix="/voice")


def _our_call(form: SignedForm, wiring: Parts, call: str = "", mac: str = "") -> UUID:
    """Return which call of ours this is about. `mac` proves that we gave the id out."""
    del form  # it is signed: that is all that is asked of it here
    try:
        call_id = UUID(hex=call)
    except ValueError as error:
        raise HTTPException(403, "not a call of ours") from error
    if not hmac.compare_digest(mac.encode(), wiring.keyring.callback_mac(call_id).encode()):
        raise HTTPException(403, "not a call of ours")
    return call_id


def _news(form: SignedForm) -> CallNews:
    try:
        return read_call_news(form)
    except NotAWebhook as error:
        raise HTTPException(422, str(error)) from error


OurCall = Annotated[UUID, Depends(_our_call)]
News = Annotated[CallNews, Depends(_news)]


@router.post("")
async def picked_up(
    request: Request, call_id: OurCall, news: News, wiring: Parts, now: Now
) -> Response:
    """Say what the call is for, and wait for a key."""

    def answer(session: Session) -> str:
        call = record_news(session, call_id, sid=news.call_sid, status=news.status, now=now)
        if call is None:
            raise HTTPException(403, "not a call of ours")
        if not call.keys:
            return _only_tell(session, wiring, call)
        if not is_of_use(session, call):
            return _goodbye(session, wiring, call, "key_late")
        return _ask(session, wiring, call)

    return _twiml(await write_in_turn(request.app, answer))


@router.post("/key")
async def key_pressed(
    request: Request, call_id: OurCall, news: News, wiring: Parts, now: Now
) -> Response:
    """Do what the key says, and say so."""

    def answer(session: Session) -> str:
        call = find_call(session, call_id)
        if call is None:
            raise HTTPException(403, "not a call of ours")
        answered = press(session, wiring.outbox, call, news.digits, now=now)
        if answered is None:
            return _ask(session, wiring, call, before="key_unclear")
        return _goodbye(session, wiring, call, answered)

    return _twiml(await write_in_turn(request.app, answer))


@router.post("/status")
async def status(request: Request, call_id: OurCall, news: News, now: Now) -> Response:
    """Move the call forward."""

    def record(session: Session) -> None:
        record_news(session, call_id, sid=news.call_sid, status=news.status, now=now)

    await write_in_turn(request.app, record)
    return nothing_to_say()


def _says(session: Session, wiring: Wiring, call: VoiceCall) -> str:
    chapter_id = session.get_one(Person, call.person_id).chapter_id
    return Reader(wiring.keyring, SYSTEM).show(call.sealed_says(chapter_id))


def _only_tell(session: Session, wiring: Wiring, call: VoiceCall) -> str:
    """Say what a call has to say that offers no key."""
    return say_and_end(_says(session, wiring, call), call.language)


def _ask(session: Session, wiring: Wiring, call: VoiceCall, *, before: str = "") -> str:
    says = _says(session, wiring, call)
    if before:
        says = f"{_first(wiring, call, wiring.catalog.speech(before, call.language))} {says}"
    mac = wiring.keyring.callback_mac(call.id)
    action = callback_url(wiring.settings.public_url, "/key", call.id.hex, mac)
    return ask_for_key(says, call.language, action)


def _goodbye(session: Session, wiring: Wiring, call: VoiceCall, key: str) -> str:
    chapter = get_chapter(session, session.get_one(Person, call.person_id).chapter_id)
    speaking = wiring.catalog.speaking_as(
        network=chapter.network_name, phone=digit_by_digit(chapter.contact_phone)
    )
    says = _first(wiring, call, speaking.speech(key, call.language))
    return say_and_end(says, call.language)


def _first(wiring: Wiring, call: VoiceCall, says: str) -> str:
    return said_in_front(wiring.catalog, call.subject, call.language, says)


def _twiml(body: str) -> Response:
    return Response(body, media_type="text/xml")
