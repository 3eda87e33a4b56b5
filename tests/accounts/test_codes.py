"""Codes that an app shows, codes on paper, and what guessing them costs."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlmodel import Session, select

from service.accounts import codes, guesses
from service.accounts.secrets import new_recovery_code, plain_recovery_code
from service.accounts.tables import CodeApp, Guess, Organizer, RecoveryCode
from service.db import Database
from service.errors import InvalidValue, WrongState
from service.privacy.keyring import Keyring
from tests.factories import StillClock, make_chapter, make_organizer


@pytest.fixture
def marta(database: Database, clock: StillClock) -> Organizer:
    with database.write() as session:
        return make_organizer(session, make_chapter(session), now=clock.now(), sign_in_name="marta")


def with_app(session: Session, keyring: Keyring, who: Organizer, clock: StillClock) -> pyotp.TOTP:
    app = pyotp.TOTP(codes.begin_app(session, keyring, who, now=clock.now()))
    codes.finish_app(session, keyring, who, app.at(clock.now()), now=clock.now())
    return app


def test_an_app_counts_once_it_has_shown_a_code(
    database: Database, keyring: Keyring, marta: Organizer, clock: StillClock
) -> None:
    with database.write() as session:
        secret = codes.begin_app(session, keyring, marta, now=clock.now())
        assert codes.begin_app(session, keyring, marta, now=clock.now()) == secret
        app = pyotp.TOTP(secret)
        now = clock.now()
        assert not codes.use_code(session, keyring, marta.id, app.at(now), now=now)
        with pytest.raises(InvalidValue, match="wrong_code"):
            codes.finish_app(session, keyring, marta, "000000", now=now)
        assert not codes.has_app(session, marta.id)
        codes.finish_app(session, keyring, marta, app.at(now), now=now)
        assert codes.has_app(session, marta.id)
        with pytest.raises(WrongState):
            codes.begin_app(session, keyring, marta, now=now)
        assert secret.encode() not in session.exec(select(CodeApp.secret_sealed)).one()


def test_a_code_works_once_and_half_a_minute_early_or_late(
    database: Database, keyring: Keyring, marta: Organizer, clock: StillClock
) -> None:
    with database.write() as session:
        app = with_app(session, keyring, marta, clock)

        def use(typed: str) -> bool:
            return codes.use_code(session, keyring, marta.id, typed, now=clock.now())

        assert not use(app.at(clock.now())), "the one that set it up is used up"
        clock.tick(minutes=5)
        late = app.at(clock.now() - timedelta(seconds=30))
        early = app.at(clock.now() + timedelta(seconds=30))
        assert not use(app.at(clock.now() - timedelta(seconds=90)))
        assert use(f" {late[:3]} {late[3:]} ")
        assert not use(late)
        assert use(early)
        assert not use(app.at(clock.now())), "older than one that was used"
        for typed in ("", "12345", "abc", early + "1", "１２３４５６"):
            assert not use(typed)


def test_a_code_on_paper_works_once_however_it_is_typed(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    with database.write() as session:
        shown = codes.new_recovery_codes(session, marta, now=clock.now())
        assert len(set(shown)) == codes.RECOVERY_CODES
        typed = shown[0].upper().replace("-", " ")
        assert codes.use_recovery_code(session, marta.id, typed, now=clock.now())
        assert not codes.use_recovery_code(session, marta.id, shown[0], now=clock.now())
        assert codes.recovery_codes_left(session, marta.id) == codes.RECOVERY_CODES - 1
        assert not codes.use_recovery_code(session, marta.id, new_recovery_code(), now=clock.now())
        stored = session.exec(select(RecoveryCode.secret_hash)).all()
        assert all(code.encode() not in stored for code in shown)
        codes.new_recovery_codes(session, marta, now=clock.now())
        assert not codes.use_recovery_code(session, marta.id, shown[1], now=clock.now())


def test_a_code_on_paper_has_no_letters_that_look_alike() -> None:
    code = new_recovery_code()
    assert plain_recovery_code(f"  {code.upper()} ") == code
    assert not set("ilou01") & set(code)


def test_pauses_grow_and_never_beyond_a_quarter_of_an_hour() -> None:
    minutes = [guesses.pause_after(wrong).total_seconds() / 60 for wrong in (0, 4, 5, 6, 7, 8, 9)]
    assert minutes == [0, 0, 1, 2, 4, 8, 15]
    assert guesses.pause_after(10**6) == guesses.LONGEST_PAUSE


def test_guessing_makes_that_name_wait_known_or_not(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    with database.write() as session:
        for name in ("marta", "nobody"):
            for _ in range(guesses.FREE_TRIES):
                assert not guesses.waits(session, name, now=clock.now())
                guesses.note_wrong(session, name, now=clock.now())
            assert guesses.waits(session, f" {name.upper()} ", now=clock.now())
        assert not guesses.waits(session, "beto", now=clock.now())
        clock.tick(minutes=1)
        assert not guesses.waits(session, "marta", now=clock.now())
        guesses.forget(session, "marta")
        clock.tick(days=2)
        guesses.note_wrong(session, "marta", now=clock.now())
        assert len(session.exec(select(Guess)).all()) == 1, "the quiet one is forgotten"
