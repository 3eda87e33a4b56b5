"""What an action says: a first text, what stands in braces, and the whole of it as it arrives."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from service.blasts.compose import ALWAYS, MISSING, fill, whole_text
from service.chapters.tables import Chapter
from service.messages.catalog import Catalog
from service.messages.dates import deadline as deadline_of
from service.people.register import LANGUAGES
from service.rallies.actions.tables import Action, ActionKind

OF_AN_ACTION = ("target_phone", "link", "deadline")
PLACES = (*ALWAYS, *OF_AN_ACTION)
CALLS = {
    ActionKind.CALL: "action_call",
    ActionKind.SIGN: "action_sign",
    ActionKind.WRITE: "action_write",
}


def values_of(
    chapter: Chapter, language: str, *, target_phone: str, link: str, deadline: datetime | None
) -> dict[str, str]:
    """Return what fills in the braces of an action's text. What nobody has said yet is "..."."""
    zone = ZoneInfo(chapter.time_zone)
    return {
        "network": chapter.network_name,
        "phone": chapter.contact_phone,
        "target_phone": target_phone.strip() or MISSING,
        "link": link.strip() or MISSING,
        "deadline": deadline_of(deadline, zone, language) if deadline else MISSING,
    }


def first_text(
    catalog: Catalog, chapter: Chapter, kind: ActionKind, language: str, *, target_phone: str,
    link: str, deadline: datetime | None,
) -> str:  # fmt: skip
    """Return a first text. What nobody has said yet is left as "...": the organizer sees where it goes.

    catalog: as the chapter speaks it.
    """
    known = values_of(chapter, language, target_phone=target_phone, link=link, deadline=deadline)
    needs = catalog.template(CALLS[kind]).placeholders
    values = {name: value for name, value in known.items() if name in needs}
    return catalog.text(CALLS[kind], language, **values | {"reason": MISSING})


def bodies_of(catalog: Catalog, chapter: Chapter, action: Action) -> dict[str, str]:
    """Return what people get, language -> text: the call as it arrives, and under it the words to say."""
    bodies = {}
    for language in LANGUAGES:
        values = values_of(
            chapter, language, target_phone=action.target_phone, link=action.link,
            deadline=action.deadline,
        )  # fmt: skip
        call = fill(getattr(action, f"text_{language}"), values)
        script = fill(getattr(action, f"script_{language}"), values)
        whole = named(catalog, chapter, call, language)
        bodies[language] = "\n".join(filter(None, (whole, script)))
    return bodies


def named(catalog: Catalog, chapter: Chapter, body: str, language: str) -> str:
    """Return a text as it arrives: with the network's name and a way out; "" stays empty."""
    return whole_text(body, chapter.network_name, catalog.word("way_out", "line", language))
