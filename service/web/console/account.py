"""One's own account: ways to sign in, codes on paper, browsers that are signed in, tokens."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.accounts import codes, passkeys, sessions, tokens
from service.accounts.lock import has_lock_code, make_lock_code
from service.accounts.tables import How, Organizer
from service.chapters.find import get_chapter
from service.errors import WrongState
from service.privacy.policy import Role, is_at_least
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.set_up import show_recovery_codes
from service.web.console.who import Confirmed, Here
from service.web.session import Read, Write

router = APIRouter()


@router.get("/account")
def account(session: Read, desk: AtDesk, here: Here) -> HTMLResponse:
    """Show how one signs in, and where one is signed in."""
    me = desk.organizer.id
    return desk.page(
        "account.html",
        passkeys=passkeys.list_passkeys(session, me),
        has_app=codes.has_app(session, me),
        codes_left=codes.recovery_codes_left(session, me),
        most_codes=codes.RECOVERY_CODES,
        sessions=sessions.list_open(session, me, now=desk.now),
        tokens=tokens.list_tokens(session, me),
        has_lock_code=has_lock_code(session, me),
        here=here,
        is_demo=here.how is How.DEMO,
        is_admin=is_at_least(desk.organizer.role, Role.ADMIN),
        zone=get_chapter(session, desk.chapter_id).time_zone,
    )


@router.post("/account/sessions/{session_id}/end")
def end_session(session: Write, desk: AtDesk, session_id: UUID) -> Response:
    """End one of one's own sessions: a browser that was left somewhere."""
    sessions.end(session, desk.organizer, session_id, now=desk.now)
    return go_to("/account")


@router.post("/account/sessions/end-others")
def end_others(session: Write, desk: AtDesk, here: Here) -> Response:
    """End every session but this one."""
    sessions.end_all(session, desk.organizer.id, now=desk.now, but=here.id)
    return go_to("/account")


@router.post("/account/passkeys/{passkey_id}/remove")
def remove_passkey(session: Write, desk: AtDesk, _now: Confirmed, passkey_id: UUID) -> Response:
    """Take a passkey away, but never the last way to sign in."""
    passkeys.remove(session, desk.organizer, passkey_id, now=desk.now)
    _keep_a_way(session, desk)
    return go_to("/account")


@router.post("/account/app/remove")
def remove_code_app(session: Write, desk: AtDesk, _now: Confirmed) -> Response:
    """Take the code app away, but never the last way to sign in."""
    codes.remove_app(session, desk.organizer, now=desk.now)
    _keep_a_way(session, desk)
    return go_to("/account")


@router.post("/account/recovery-codes")
def renew_recovery_codes(session: Write, desk: AtDesk, here: Here, _now: Confirmed) -> Response:
    """Make new codes for paper; those before stop working."""
    if here.how is How.DEMO:
        raise WrongState("demo_has_no_keys")
    organizer = session.get_one(Organizer, desk.organizer.id)
    return show_recovery_codes(desk, codes.new_recovery_codes(session, organizer, now=desk.now))


@router.post("/account/lock-code")
def renew_lock_code(session: Write, desk: AtDesk, _now: Confirmed) -> HTMLResponse:
    """Make a new code that stops everything by text; the one before stops working."""
    organizer = session.get_one(Organizer, desk.organizer.id)
    code = make_lock_code(session, desk.wiring.keyring, organizer, now=desk.now)
    has_phone = organizer.person_id is not None
    return desk.page("lock_code.html", code=code, has_phone=has_phone)


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(session: Write, desk: AtDesk, token_id: UUID) -> Response:
    """Take one of one's own tokens back."""
    tokens.revoke(session, desk.organizer, token_id, by=desk.viewer, now=desk.now)
    return go_to("/account")


def _keep_a_way(session: Session, desk: Desk) -> None:
    session.flush()
    me = desk.organizer.id
    if not passkeys.list_passkeys(session, me) and not codes.has_app(session, me):
        raise WrongState("last_way")
