"""The two texts of a message on its form: counted, made cheaper, with the places that can be filled in."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from service.blasts.compose import fill, whole_text
from service.blasts.drafts import Words, new_draft, open_draft_about, write
from service.blasts.tables import BlastKind
from service.chapters.tables import Chapter
from service.db import new_id
from service.errors import NotFound
from service.messages.segments import cheaper_table, without_accents
from service.people.audience import Audience
from service.people.register import LANGUAGES
from service.web.console.desk import Desk
from service.web.console.previews import Bubble, bubbles
from service.web.forms import Sent

# The buttons of the form that change what is on it and save nothing.
WRITE_FOR_ME = "write"
COUNT = "count"
PLAIN = "plain_"  # and the language whose text loses its accents
SAVE = "save"  # keeps it as it is, whole or not

Values = Mapping[str, Mapping[str, str]]  # language -> what stands in braces -> what fills it in


@dataclass(frozen=True)
class Texts:
    """What the template needs. Counted: as they arrive now; empty ones are left out.

    needed: the places that can't be left out.   most: parts that a language's text may cost, if limited.
    """

    languages: tuple[str, ...]
    places: tuple[str, ...]
    counted: Mapping[str, Bubble]
    frames: Mapping[str, str]  # language -> what the page needs to count along, as JSON
    needed: frozenset[str] = frozenset()
    most: Mapping[str, int] = field(default_factory=dict)


def is_change_only(form: Sent) -> bool:
    """Return whether the button only changes what is on the form."""
    return form["action"] in (COUNT, *(PLAIN + language for language in LANGUAGES))


def changed(form: Sent, *, under: str = "") -> dict[str, str]:
    """Return the form with what the button changes. under: as `texts_of` takes it."""
    typed = dict(form.typed)
    for language in LANGUAGES:
        if form["action"] == PLAIN + language:
            for name in ("text_", under) if under else ("text_",):
                typed[name + language] = without_accents(form[name + language])
    return typed


def texts_of(
    desk: Desk, chapter: Chapter, typed: Mapping[str, str], values: Values, *, under: str = ""
) -> Texts:
    """Return the two texts as they are typed, and as they arrive.

    under: the name, before its language, of the field with words that come below the text.
    """
    network = chapter.network_name
    counted: dict[str, Bubble] = {}
    frames: dict[str, str] = {}
    for language in LANGUAGES:
        way_out = desk.wiring.catalog.word("way_out", "line", language)
        filled = fill(typed.get(f"text_{language}", ""), values[language])
        below = fill(typed.get(f"{under}{language}", ""), values[language]).strip() if under else ""
        if whole := "\n".join(filter(None, (whole_text(filled, network, way_out), below))):
            counted |= {bubble.language: bubble for bubble in bubbles({language: whole})}
        frame = {"network": network, "wayOut": way_out, "values": values[language]}
        if under:
            frame["under"] = f"{under}{language}"
        frames[language] = json.dumps(frame | {"cheaper": cheaper_table()}, ensure_ascii=False)
    return Texts(LANGUAGES, tuple(values[LANGUAGES[0]]), counted, frames)


def plain_values(chapter: Chapter) -> dict[str, dict[str, str]]:
    """Return what can stand in braces in a message about no event."""
    always = {"network": chapter.network_name, "phone": chapter.contact_phone}
    return {language: dict(always) for language in LANGUAGES}


def keep_unfinished(
    session: Session, desk: Desk, form: Sent, *, kind: BlastKind, subject: str,
    fields: Collection[str],
) -> None:  # fmt: skip
    """Keep a form as it is, whole or not: what is missing can come later. Raises NotFound."""
    draft = open_draft_about(session, subject, kind)
    if draft is None:
        everyone = Audience(desk.chapter_id)
        draft = new_draft(
            session, desk.chapter_id, new_id(), kind, subject, audience=everyone, by=desk.author,
            now=desk.now,
        )  # fmt: skip
    elif draft.chapter_id != desk.chapter_id:
        raise NotFound(None, f"no draft about {subject}")
    typed = {name: form[name] for name in fields} | {"unfinished": "yes"}
    words = Words(form["title"], form["text_en"], form["text_es"], typed)
    write(session, draft, words, by=desk.author, now=desk.now)
