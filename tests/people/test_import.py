"""A network's own lists, as they come: read, understood, judged; applied once, however often."""

from __future__ import annotations

import csv
import io
import zipfile
from contextlib import suppress
from datetime import date, timedelta

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from service.chapters.tables import Chapter
from service.db import Database
from service.errors import InvalidValue, WrongState
from service.messages.catalog import Catalog
from service.outbox.enqueue import Outbox
from service.outbox.import_list import apply_lists, begin_list
from service.outbox.tables import Delivery
from service.people.consent import opt_out
from service.people.import_.columns import Field, Layout, guess_layout
from service.people.import_.judge import Usual, judge_rows, read_list_phone
from service.people.import_.keep import (
    drop_old_lists,
    keep_list,
    rows_of,
    say_layout,
    standings,
)
from service.people.import_.read import MOST_ROWS, Rows, read_rows
from service.people.register import find_person
from service.people.tables import Consent, ConsentEvent, ListState, UploadedList, Volunteer
from service.privacy import audit
from service.privacy.keyring import KeyGone, KeyKind, Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from tests.factories import StillClock, make_chapter, make_sender, make_volunteer

US = ("US", "PR", "CA")
TABLE = [["Nombre", "Teléfono"], ["José Núñez", "413-555-0101"], ["Ana", "(413) 555-0102"]]


def written(rows: Rows, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def xlsx(rows: list[list[object]], *, merge: str = "") -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "mac_roman",
    "utf-32",
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_name_is_garbled(encoding: str, delimiter: str) -> None:
    assert read_rows(written(TABLE, delimiter).encode(encoding)) == TABLE


def test_what_was_garbled_on_the_way_is_mended() -> None:
    for name in ("José Núñez", "Álvaro", "Íñigo", "Zoë", "¿Quién?"):
        bytes_read_wrong = name.encode().decode("latin-1")
        assert read_rows(f"a,{bytes_read_wrong}".encode())[0][1] == name
    assert read_rows("a,São Paulo; Ânia".encode())[0] == ["a", "São Paulo; Ânia"]


def test_cells_as_spreadsheets_leave_them() -> None:
    rows = read_rows(
        xlsx([
            ["Name", "Phone", "Since", "Ok"],
            ["Ana", 4135550101.0, date(2026, 3, 10), True],
            [None, 4.135550102e9, None, 2.5],
        ])
    )  # fmt: skip
    assert rows[1] == ["Ana", "4135550101", "2026-03-10", "yes"]
    assert rows[2] == ["", "4135550102", "", "2.5"]
    odd = 'sep=;\nname;phone\n"Ana\nMaría";"=""4135550101"""\n\'Beto;4135550102.0\n'
    assert read_rows(odd.encode())[1:] == [["Ana María", "4135550101"], ["Beto", "4135550102.0"]]


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("4135550142.0", "+14135550142"),
        ("4135550142,00", "+14135550142"),
        ("4.135550142E+09", "+14135550142"),
        ("4,135550142e9", "+14135550142"),
        ("1.4135550142E+10", "+14135550142"),
        ("+1 (413) 555-0142", "+14135550142"),
        ("4.14E+09", "phone_rounded"),
        ("4.1355501E+09", "phone_rounded"),
        ("=A1", "cell_is_formula"),
        ("555-0142", "bad_phone"),
        ("n/a", "bad_phone"),
        ("+44 20 7946 0123", "country_not_allowed"),
    ],
)
def test_phones_as_lists_have_them(cell: str, read: str) -> None:
    if read.startswith("+"):
        assert read_list_phone(cell, US) == read
    else:
        with pytest.raises(InvalidValue, match=read):
            read_list_phone(cell, US)


def test_the_header_is_found_below_titles_and_merged_cells() -> None:
    rows = read_rows(
        xlsx([
            ["Volunteers of the spring meeting", None, None, None],
            [None, "Contact", None, None],
            ["First name", "Last name", "Cell phone", "Preferred language"],
            ["Ana", "Paz", 4135550101, "español"],
        ], merge="A1:D1")
    )  # fmt: skip
    layout = guess_layout(rows)
    assert layout.header == 2
    assert layout.columns == {Field.NAME: 0, Field.PHONE: 2, Field.LANGUAGE: 3}


def test_a_list_without_a_header_is_known_by_its_phones() -> None:
    assert guess_layout([["Ana", "413-555-0101"], ["Beto", "413-555-0102"]]) == Layout(
        None, {Field.PHONE: 1}
    )
    assert guess_layout([["Ana"], ["Beto"]]) == Layout(None, {})


def judged(rows: Rows, **usual: str) -> list[tuple[int, str, int]]:
    found = judge_rows(rows, guess_layout(rows), Usual(**{"source": "the meeting"} | usual), US)
    return [(row.number, row.problem, row.twin) for row in found]


def test_each_row_is_judged_in_its_own_words() -> None:
    rows = [
        ["name", "phone", "zip"],
        ["Ana", "413-555-0101", "01103"],
        ["Ana again", "(413) 555 0101", ""],
        ["", "", ""],
        ["Beto", "", ""],
        ["=HYPERLINK(1)", "413-555-0102", ""],
        ["A123456789", "413-555-0103", ""],
        ["x" * 41, "413-555-0104", ""],
        ["Jos\ufffd", "413-555-0105", ""],
    ]
    assert judged(rows) == [
        (2, "", 0), (3, "", 2), (5, "missing", 0), (6, "cell_is_formula", 0), (7, "never_kept", 0),
        (8, "cell_too_long", 0), (9, "cell_garbled", 0),
    ]  # fmt: skip
    assert judged(rows[:2], source="") == [(2, "source_missing", 0)]


def test_languages_and_roles_are_understood() -> None:
    rows = [
        ["phone", "idioma", "roles"],
        ["413-555-0101", "Español", "chofer, Intérprete"],
        ["413-555-0102", "inglés", "Driver; juggler"],
        ["413-555-0103", "Kreyòl", ""],
    ]
    found = judge_rows(rows, guess_layout(rows), Usual("en", "the meeting"), US)
    assert [(row.card.language, row.roles, row.notes) for row in found] == [
        ("es", ("driver", "interpreter"), ()),
        ("en", ("driver",), ("roles",)),
        ("en", (), ("language",)),
    ]


@settings(max_examples=300)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: b"PK\x03\x04" + tail))
def test_no_bytes_make_it_crash(data: bytes) -> None:
    try:
        rows = read_rows(data)
    except InvalidValue:
        return
    assert len(rows) <= MOST_ROWS
    judge_rows(rows, guess_layout(rows), Usual("en", "the meeting"), US)


def test_no_bent_spreadsheet_makes_it_crash() -> None:
    whole = xlsx([["Name", "Phone"], ["Ana", 4135550101]])
    for at in range(0, len(whole), 37):
        bent = whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :]
        for data in (bent, whole[:at]):
            with suppress(InvalidValue):
                read_rows(data)


def test_files_that_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (70 * 1024 * 1024))
    for data, code in (
        (b"", "file_empty"), (b" ,,\r\n", "file_empty"), (b"\xd0\xcf\x11\xe0 old", "file_old_or_locked"),
        (b"a,b\n" * (MOST_ROWS + 1), "file_too_long"), (out.getvalue(), "file_too_big"),
        (b"x" * (6 * 1024 * 1024), "file_too_big"), (b"PK\x03\x04 nothing", "file_unreadable"),
    ):  # fmt: skip
        with pytest.raises(InvalidValue) as refused:
            read_rows(data)
        assert (refused.value.field, refused.value.code) == ("file", code)


CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12
).map(lambda cell: cell.strip("'\ufeff") or "x")


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=2, max_size=6),
    encoding=st.sampled_from(["utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read_again(rows: Rows, encoding: str) -> None:
    from service.people.import_.read import plain

    expected = [[plain(cell) for cell in row] for row in rows]
    if all(any(row) for row in expected):
        data = written(rows).encode(encoding)
        assert read_rows(data) == expected


# --- applied --------------------------------------------------------------------------------------


@pytest.fixture
def chapter(database: Database) -> Chapter:
    with database.write() as session:
        made = make_chapter(session)
        make_sender(session, made)
        return made


@pytest.fixture
def outbox(keyring: Keyring, catalog: Catalog) -> Outbox:
    return Outbox(catalog, keyring)


PEOPLE: Rows = [["name", "phone", "language"]] + [
    [f"Person {n}", f"413-555-{n:04}", "es" if n % 2 else "en"] for n in range(101, 131)
]


def begun(
    session: Session, outbox: Outbox, chapter: Chapter, clock: StillClock, agreed: str = ""
) -> UploadedList:
    kept = keep_list(session, outbox.keyring, chapter.id, PEOPLE, by=SYSTEM, now=clock.now())
    say_layout(kept, guess_layout(PEOPLE), Usual("en", "the March meeting"), agreed=agreed)
    begin_list(session, kept, by=SYSTEM, now=clock.now())
    begin_list(session, kept, by=SYSTEM, now=clock.now())
    return kept


def test_everybody_new_is_invited_once(
    database: Database, outbox: Outbox, chapter: Chapter, clock: StillClock
) -> None:
    now = clock.now()
    with database.write() as session:
        make_volunteer(session, outbox.keyring, chapter, 101, now=now, name="Known")
        gone = make_volunteer(session, outbox.keyring, chapter, 102, now=now)
        opt_out(session, gone, how="text", now=now)
        make_volunteer(session, outbox.keyring, make_chapter(session, "Coast"), 103, now=now)
        kept = begun(session, outbox, chapter, clock)
    added = [
        apply_lists(database, outbox, US, now=clock.tick(seconds=5), most=12) for _ in range(5)
    ]
    assert added == [10, 12, 6, 0, 0]  # who is with another chapter too
    with database.read() as session:
        done = session.get_one(UploadedList, kept.id)
        assert (done.state, done.table_sealed, done.added) == (ListState.DONE, None, 28)
        texts = session.exec(select(Delivery)).all()
        assert [text.template for text in texts] == ["invitation"] * 28
        alma = find_person(session, outbox.keyring, "+14135550105")
        assert alma is not None
        assert (alma.consent, alma.language) == (Consent.INVITED, "es")
        assert Reader(outbox.keyring, SYSTEM).show(alma.sealed_alias()) == "Person 105"
        event = session.exec(select(ConsentEvent).where(ConsentEvent.person_id == alma.id)).one()
        assert event.how == "list: the March meeting"
        still_out = find_person(session, outbox.keyring, "+14135550102")
        assert still_out is not None
        assert still_out.consent is Consent.OPTED_OUT
        assert audit.first_broken(session) is None
    with pytest.raises(KeyGone):
        outbox.keyring.key(KeyKind.IMPORT, kept.id)


def test_the_same_list_again_invites_nobody(
    database: Database, outbox: Outbox, chapter: Chapter, clock: StillClock
) -> None:
    for expected in (30, 0):
        with database.write() as session:
            begun(session, outbox, chapter, clock)
        assert apply_lists(database, outbox, US, now=clock.now()) == expected
    with database.read() as session:
        assert len(session.exec(select(Delivery)).all()) == 30


def test_who_agreed_on_paper_is_welcomed_with_all_that_a_first_text_says(
    database: Database, outbox: Outbox, chapter: Chapter, clock: StillClock
) -> None:
    with database.write() as session:
        begun(session, outbox, chapter, clock, agreed="signed form, 2026-02-28")
    apply_lists(database, outbox, US, now=clock.now())
    with database.read() as session:
        events = session.exec(select(ConsentEvent)).all()
        assert {(event.consent, event.how) for event in events} == {
            (Consent.ACTIVE, "list: the March meeting; signed form, 2026-02-28")
        }
        assert {text.template for text in session.exec(select(Delivery))} == {"welcome"}
        assert {volunteer.vetting for volunteer in session.exec(select(Volunteer))} == {0}


def test_a_list_that_nobody_applies_is_gone_after_a_day(
    database: Database, outbox: Outbox, chapter: Chapter, clock: StillClock
) -> None:
    with database.write() as session:
        kept = keep_list(session, outbox.keyring, chapter.id, PEOPLE, by=SYSTEM, now=clock.now())
        assert rows_of(outbox.keyring, kept) == PEOPLE
        assert b"Person" not in (kept.table_sealed or b"")
        late = clock.now() + timedelta(days=1, seconds=1)
        assert drop_old_lists(session, outbox.keyring, now=clock.now()) == 0
        assert drop_old_lists(session, outbox.keyring, now=late) == 1
        with pytest.raises(WrongState, match="list_gone"):
            rows_of(outbox.keyring, kept)
        with pytest.raises(WrongState, match="list_gone"):
            begin_list(session, kept, by=SYSTEM, now=late)
    with pytest.raises(KeyGone):
        outbox.keyring.key(KeyKind.IMPORT, kept.id)


def test_standings_tell_who_is_known_here(
    database: Database, outbox: Outbox, chapter: Chapter, clock: StillClock
) -> None:
    with database.write() as session:
        make_volunteer(session, outbox.keyring, chapter, 101, now=clock.now())
        found = standings(
            session, outbox.keyring, chapter.id, ["+14135550101", "+14135550102"] * 600
        )
    assert found == {"+14135550101": "known"}
