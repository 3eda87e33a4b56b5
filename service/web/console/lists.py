"""Take a network's own list in: upload, say which column is what, look at every row, say yes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, Response

from service.errors import InvalidForm, InvalidValue, WrongState
from service.messages.catalog import LANGUAGES
from service.outbox.import_list import begin_list
from service.people.import_.columns import Field, Layout, titles
from service.people.import_.judge import LONGEST_SOURCE, Row, Usual
from service.people.import_.keep import (
    LONGEST_AGREED,
    drop_list,
    get_list,
    judge_list,
    keep_list,
    layout_of,
    rows_of,
    say_layout,
    standings,
)
from service.people.import_.read import LARGEST_BYTES, MOST_ROWS, read_rows
from service.people.tables import ListState, UploadedList
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.who import Confirmed
from service.web.forms import Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

MOST_SHOWN = 200  # rows of one kind
SAMPLES = 3
NOWHERE = ""


async def _uploaded(request: Request) -> bytes:
    """Return the bytes of the file that was sent, b"" when none was."""
    file = (await request.form()).get("file")
    return await file.read() if isinstance(file, UploadFile) else b""


File = Annotated[bytes, Depends(_uploaded)]


@router.get("/people/lists/new")
def new_list(desk: AtDesk, _now: Confirmed) -> HTMLResponse:
    """Show the form that takes a file."""
    return _upload(desk)


@router.post("/people/lists/new", max_body_size=LARGEST_BYTES + 64 * 1024)
def upload(session: Write, desk: AtDesk, _now: Confirmed, file: File) -> Response:
    """Read the file and keep it, sealed, for the next step."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _upload(desk, problems=problems, status=status)

    with form_again(again, desk.tell):
        rows = read_rows(file)
        kept = keep_list(
            session, desk.wiring.keyring, desk.chapter_id, rows, by=desk.viewer, now=desk.now
        )
    return go_to(f"/people/lists/{kept.id}/columns")


@router.get("/people/lists/{list_id}/columns")
def columns(session: Read, desk: AtDesk, _now: Confirmed, list_id: UUID) -> HTMLResponse:
    """Ask which column is what; what we think is chosen already."""
    kept = get_list(session, desk.chapter_id, list_id)
    layout = layout_of(kept)
    typed = {f"column_{field}": str(at) for field, at in layout.columns.items()}
    typed["header"] = "" if layout.header is None else str(layout.header)
    more = {"language": kept.language, "source": kept.source, "agreed": kept.agreed}
    typed |= more | {"consent": "paper" if kept.agreed else "invite"}
    return _columns(desk, kept, typed)


@router.post("/people/lists/{list_id}/columns")
def say_columns(session: Write, desk: AtDesk, list_id: UUID, form: Form) -> Response:
    """Keep what was said, and go on to look at the rows."""
    kept = get_list(session, desk.chapter_id, list_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _columns(desk, kept, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        is_on_paper = form["consent"] == "paper"
        if is_on_paper and not form["agreed"]:
            raise InvalidForm([InvalidValue("agreed", "missing")])
        language = form["language"] if form["language"] in LANGUAGES else "en"
        say_layout(
            kept, _layout(form), Usual(language, form["source"]),
            agreed=form["agreed"] if is_on_paper else "",
        )  # fmt: skip
        session.add(kept)
    return go_to(f"/people/lists/{kept.id}")


@router.get("/people/lists/{list_id}")
def look(session: Read, desk: AtDesk, _now: Confirmed, list_id: UUID) -> HTMLResponse:
    """Show what would happen to each row, or how far it has come."""
    kept = get_list(session, desk.chapter_id, list_id)
    if kept.state is not ListState.WAITING:
        return desk.page("list_state.html", kept=kept)
    rows = judge_list(desk.wiring.keyring, kept, desk.wiring.settings.countries)
    outcomes = _outcomes(session, desk, rows)
    told = {row.number: desk.error(row.problem) for row in rows if row.problem}
    return desk.page(
        "list_look.html", kept=kept, counts=Counter(outcomes.values()), told=told,
        groups=[
            (kind, [row for row in rows if outcomes[row.number] == kind])
            for kind in ("error", "twin", "opted_out", "elsewhere", "known", "new")
        ],
        most=MOST_SHOWN,
    )  # fmt: skip


@router.post("/people/lists/{list_id}/apply")
def apply(session: Write, desk: AtDesk, _now: Confirmed, list_id: UUID) -> Response:
    """Say yes: everybody new is added, and invited or welcomed. It goes on by itself."""
    kept = get_list(session, desk.chapter_id, list_id)
    if kept.state is ListState.WAITING:
        rows = judge_list(desk.wiring.keyring, kept, desk.wiring.settings.countries)
        if "new" not in _outcomes(session, desk, rows).values():
            raise WrongState("nobody_new")
    begin_list(session, kept, by=desk.viewer, now=desk.now)
    return go_to(f"/people/lists/{kept.id}")


@router.post("/people/lists/{list_id}/drop")
def drop(session: Write, desk: AtDesk, list_id: UUID) -> Response:
    """Throw the list away."""
    kept = get_list(session, desk.chapter_id, list_id)
    if kept.state is ListState.WAITING:
        drop_list(session, kept, state=ListState.DROPPED)
    return go_to("/people")


def _outcomes(session: Session, desk: Desk, rows: list[Row]) -> dict[int, str]:
    """Return row number -> error, twin, opted_out, elsewhere, known or new."""
    phones = [row.card.phone for row in rows if row.is_good]
    known = standings(session, desk.wiring.keyring, desk.chapter_id, phones)
    return {
        row.number: "error" if row.problem
        else "twin" if row.twin
        else known.get(row.card.phone, "new")
        for row in rows
    }  # fmt: skip


def _layout(form: Sent) -> Layout:
    header = form["header"]
    columns = {field: form[f"column_{field}"] for field in Field}
    return Layout(
        int(header) if header.isascii() and header.isdigit() and len(header) < 3 else None,
        {f: int(at) for f, at in columns.items() if at.isascii() and at.isdigit() and len(at) < 4},
    )


def _upload(
    desk: Desk, *, problems: Mapping[str, str] | None = None, status: int = 200
) -> HTMLResponse:
    return desk.page(
        "list_new.html", status=status, problems=problems or {}, typed={}, most_rows=MOST_ROWS
    )


def _columns(
    desk: Desk, kept: UploadedList, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    rows = rows_of(desk.wiring.keyring, kept)
    layout = layout_of(kept)
    samples = [row for row in rows[layout.first :] if any(row)][:SAMPLES]
    named = [
        (at, title, [row[at] for row in samples if at < len(row) and row[at]])
        for at, title in enumerate(titles(rows, layout))
    ]
    return desk.page(
        "list_columns.html", status=status, typed=typed, problems=problems or {}, kept=kept,
        named=named, fields_of_list=list(Field), samples=samples, longest_source=LONGEST_SOURCE,
        longest_agreed=LONGEST_AGREED, layout=layout, header_rows=rows[:10],
    )  # fmt: skip
