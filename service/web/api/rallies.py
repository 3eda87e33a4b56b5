"""Rallies: drafted, changed, announced, moved, called off, closed with who came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlmodel import Session

from service.chapters.find import chapters_by_id, get_chapter
from service.db import new_id
from service.errors import InvalidValue
from service.messages.segments import LONGEST_BODY
from service.people.audience import Audience
from service.people.find import get_volunteer
from service.rallies.announce import announce
from service.rallies.cancel import cancel, stand_down
from service.rallies.close import close
from service.rallies.draft import LONGEST_PLACE, LONGEST_TITLE, MOST_PEOPLE, Draft, save_draft
from service.rallies.find import get_rally, list_rallies, opened, shown_rally
from service.rallies.letter import call_bodies
from service.rallies.more import call_more
from service.rallies.move import Where, move
from service.rallies.tables import Rally, RallyKind, RallyState
from service.rallies.tell import Whom
from service.rallies.together import open_to_chapters
from service.web.api.answers import Answers, answers_about
from service.web.api.auth import Caller, Who
from service.web.api.blasts import ShownBlast, show_blast
from service.web.api.paging import Page, Paging, cut
from service.web.api.shapes import ONE_LINE, PLAIN, Moment, Shape, up_to
from service.web.session import Now, Parts, Read, Write
from service.wiring import Wiring

router = APIRouter(prefix="/rallies", tags=["rallies"])

CallText = Annotated[str, up_to(LONGEST_BODY), PLAIN]


class RallyDraft(Shape):
    """A call to a public event, in both languages. Nothing is sent before it is announced."""

    kind: RallyKind = RallyKind.RALLY
    title: Annotated[str, up_to(LONGEST_TITLE), ONE_LINE, Field(examples=["Rally for Azucena"])]
    place: Annotated[str, up_to(LONGEST_PLACE), ONE_LINE, Field(examples=["South Green, Hartford"])]
    starts_at: Moment
    ends_at: Moment | None = None
    text_en: CallText
    text_es: CallText
    people_limit: Annotated[int, Field(ge=1, le=MOST_PEOPLE)] | None = None


class NewRally(RallyDraft):
    """A new draft. `id`: a UUID of your own makes it safe to send twice."""

    id: UUID | None = None


class Announcement(Shape):
    """When, and under which id: the same `blast_id` again is the same send."""

    blast_id: UUID | None = None
    at: Moment | None = Field(None, description="Leave it out to send now. A past time means now.")


class MorePeople(Announcement):
    """Whom else: our volunteers who have not been asked. Empty lists mean all."""

    min_vetting: Annotated[int, Field(ge=0, le=3)] = 0
    languages: list[Literal["en", "es"]] = Field(default_factory=list)
    areas: list[Annotated[str, up_to(40), ONE_LINE]] = Field(default_factory=list)


class Change(Shape):
    """Another time or place, and who hears of it. The same `blast_id` again is the same change."""

    starts_at: Moment
    ends_at: Moment
    place: Annotated[str, up_to(LONGEST_PLACE), ONE_LINE, Field(examples=["South Green, Hartford"])]
    whom: Whom = Field(Whom.ASKED, description="All who were asked, or who said yes or maybe.")
    blast_id: UUID | None = None


class Opening(Shape):
    """Whether other chapters may join."""

    is_open: bool = True


class Ending(Shape):
    """Who came: everybody counted, and the volunteers who were seen."""

    people_came: Annotated[int, Field(ge=0, le=MOST_PEOPLE)] | None = None
    came: Annotated[tuple[UUID, ...], Field(max_length=1000)] = ()


class ShownRally(Shape):
    """A public event. Times are in UTC; `network` holds it, and `time_zone` is where it is held.

    is_open: other chapters may join it. Answers are counted over all that call to it.
    """

    id: UUID
    network: str
    is_open: bool
    kind: RallyKind
    state: RallyState
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    text_en: str
    text_es: str
    people_limit: int | None
    answers: Answers
    created_by: str
    created_at: datetime
    announced_at: datetime | None
    moves: int
    moved_at: datetime | None
    ended_at: datetime | None
    people_came: int | None


@router.post("", status_code=201, responses={200: {"model": ShownRally}})
def draft_rally(
    told: NewRally, response: Response, session: Write, who: Who, now: Now
) -> ShownRally:
    """Save a new draft; with an `id` that was used before, change that draft (200)."""
    existing = None if told.id is None else session.get(Rally, told.id)
    if existing is not None and existing.chapter_id != who.chapter_id:
        raise InvalidValue("id", "id_taken")
    rally = _save(session, who, told.id or new_id(), told, now)
    response.status_code = 201 if existing is None else 200
    return _show_one(session, rally)


@router.get("")
def find_rallies(paging: Annotated[Paging, Query()], session: Read, who: Who) -> Page[ShownRally]:
    """List the chapter's rallies, oldest draft first."""
    rows = list_rallies(session, who.chapter_id, after=paging.after, limit=paging.wanted)
    shown, following = cut(rows, paging, lambda row: row.id)
    return Page(items=_show(session, shown), next=following)


@router.get("/opened")
def find_opened(session: Read, who: Who, now: Now) -> list[ShownRally]:
    """List the rallies of other chapters that ours can join, soonest first."""
    return _show(session, opened(session, who.chapter_id, now=now))


@router.get("/{rally_id}")
def see_rally(rally_id: UUID, session: Read, who: Who) -> ShownRally:
    """Return one rally: ours, or one that is open to us."""
    return _show_one(session, shown_rally(session, who.chapter_id, rally_id))


@router.put("/{rally_id}")
def change_rally(
    rally_id: UUID, told: RallyDraft, session: Write, who: Who, now: Now
) -> ShownRally:
    """Change a draft that has not been announced."""
    get_rally(session, who.chapter_id, rally_id)
    return _show_one(session, _save(session, who, rally_id, told, now))


@router.post("/{rally_id}/announce")
def announce_rally(
    rally_id: UUID, session: Write, wiring: Parts, who: Who, now: Now,
    told: Announcement | None = None,
) -> ShownBlast:  # fmt: skip
    """Call every volunteer of the chapter, now or at a time; return the blast.

    To more people than the chapter's limit it is refused (409, `second_needed`): a second organizer
    has to say yes to that, in the console.
    """
    told = told or Announcement()
    rally = get_rally(session, who.chapter_id, rally_id)
    bodies = call_bodies(session, wiring.catalog, get_chapter(session, who.chapter_id), rally)
    blast = announce(
        session, rally, blast_id=told.blast_id or new_id(), by=who.viewer, now=now, at=told.at,
        bodies=bodies,
    )  # fmt: skip
    return show_blast(session, blast)


@router.post("/{rally_id}/more")
def call_more_people(
    rally_id: UUID, session: Write, wiring: Parts, who: Who, now: Now, told: MorePeople | None = None,
) -> ShownBlast:  # fmt: skip
    """Call more people to an announced rally; return the blast. Who was asked is never asked again.

    To more people than the chapter's limit it is refused (409, `second_needed`), as the first call is.
    """
    rally = get_rally(session, who.chapter_id, rally_id)
    return _call(session, wiring, who, rally, told or MorePeople(), now)


@router.post("/{rally_id}/open")
def open_rally(
    rally_id: UUID, session: Write, who: Who, now: Now, told: Opening | None = None
) -> ShownRally:
    """Let other chapters join it, or no further one; who has joined stays. Safe to send twice."""
    rally = get_rally(session, who.chapter_id, rally_id)
    told = told or Opening()
    open_to_chapters(session, rally, is_open=told.is_open, by=who.viewer, now=now)
    return _show_one(session, rally)


@router.post("/{rally_id}/join")
def join_rally(
    rally_id: UUID, session: Write, wiring: Parts, who: Who, now: Now, told: MorePeople | None = None,
) -> ShownBlast:  # fmt: skip
    """Call our people to another chapter's rally, from our number; return the blast.

    Nobody who was asked by any chapter is asked again. Sent again with another id, it calls whoever is
    new since. To more people than our chapter's limit it is refused (409, `second_needed`).
    """
    rally = shown_rally(session, who.chapter_id, rally_id)
    return _call(session, wiring, who, rally, told or MorePeople(), now)


@router.post("/{rally_id}/cancel")
def cancel_rally(rally_id: UUID, session: Write, wiring: Parts, who: Who, now: Now) -> ShownRally:
    """Call it off and tell exactly those who were asked. Safe to send twice."""
    rally = get_rally(session, who.chapter_id, rally_id)
    if rally.state is not RallyState.CANCELLED:
        cancel(session, wiring.catalog, rally, by=who.viewer, now=now)
    return _show_one(session, rally)


@router.post("/{rally_id}/move")
def move_rally(
    rally_id: UUID, told: Change, session: Write, wiring: Parts, who: Who, now: Now
) -> ShownRally:
    """Change time or place: answers stay, people are told and asked again, reminders follow."""
    rally = get_rally(session, who.chapter_id, rally_id)
    move(
        session, wiring.catalog, rally, Where(told.starts_at, told.ends_at, told.place),
        whom=told.whom, blast_id=told.blast_id or new_id(), by=who.viewer, now=now,
    )  # fmt: skip
    return _show_one(session, rally)


@router.post("/{rally_id}/all-clear")
def clear_rally(rally_id: UUID, session: Write, wiring: Parts, who: Who, now: Now) -> ShownRally:
    """Nobody is needed any more: tell exactly those who were asked. Safe to send twice."""
    rally = get_rally(session, who.chapter_id, rally_id)
    if rally.state is not RallyState.ALL_CLEAR:
        stand_down(session, wiring.catalog, rally, by=who.viewer, now=now)
    return _show_one(session, rally)


@router.post("/{rally_id}/close")
def close_rally(rally_id: UUID, told: Ending, session: Write, who: Who, now: Now) -> ShownRally:
    """End what has begun and write down who came. Sent again, the newest count stands."""
    rally = get_rally(session, who.chapter_id, rally_id)
    for person_id in told.came:
        get_volunteer(session, who.chapter_id, person_id)
    close(session, rally, people_came=told.people_came, came=told.came, by=who.viewer, now=now)
    return _show_one(session, rally)


def _call(
    session: Session, wiring: Wiring, who: Caller, rally: Rally, told: MorePeople, now: datetime
) -> ShownBlast:
    bodies = call_bodies(session, wiring.catalog, get_chapter(session, who.chapter_id), rally)
    audience = Audience(
        who.chapter_id, min_vetting=told.min_vetting, languages=tuple(told.languages),
        areas=tuple(told.areas),
    )  # fmt: skip
    blast = call_more(
        session, rally, audience, bodies, blast_id=told.blast_id or new_id(), by=who.viewer,
        now=now, at=told.at,
    )  # fmt: skip
    return show_blast(session, blast)


def _save(session: Session, who: Caller, id_: UUID, told: RallyDraft, now: datetime) -> Rally:
    draft = Draft(
        id=id_,
        kind=told.kind,
        title=told.title,
        place=told.place,
        starts_at=told.starts_at,
        ends_at=told.ends_at,
        text_en=told.text_en,
        text_es=told.text_es,
        people_limit=told.people_limit,
    )
    chapter = get_chapter(session, who.chapter_id)
    by = who.organizer
    return save_draft(session, chapter, draft, by=by.name, by_id=by.id, now=now)


def _show_one(session: Session, rally: Rally) -> ShownRally:
    return _show(session, [rally])[0]


def _show(session: Session, rallies: Sequence[Rally]) -> list[ShownRally]:
    chapters = chapters_by_id(session, [rally.chapter_id for rally in rallies])
    answers = answers_about(session, [rally.subject for rally in rallies])
    return [
        ShownRally(
            id=rally.id,
            network=chapters[rally.chapter_id].network_name,
            is_open=rally.opened_at is not None,
            kind=rally.kind,
            state=rally.state,
            title=rally.title,
            place=rally.place,
            starts_at=rally.starts_at,
            ends_at=rally.ends_at,
            time_zone=chapters[rally.chapter_id].time_zone,
            text_en=rally.text_en,
            text_es=rally.text_es,
            people_limit=rally.people_limit,
            answers=answers[rally.subject],
            created_by=rally.created_by,
            created_at=rally.created_at,
            announced_at=rally.announced_at,
            moves=rally.moves,
            moved_at=rally.moved_at,
            ended_at=rally.ended_at,
            people_came=rally.people_came,
        )
        for rally in rallies
    ]
