"""Show a text as it will arrive: whole, in both languages, with what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.messages.segments import Segments, cheaper_letters, count_segments, marked, parts_saved


@dataclass(frozen=True)
class Bubble:
    """One text in one language. `people`: how many get it; None where nobody is counted."""

    language: str
    body: str
    segments: Segments
    people: int | None
    swaps: tuple[tuple[str, str], ...]  # letters that cost more, and what looks the same
    pieces: tuple[tuple[str, bool], ...]  # the body, with what costs more told apart
    saved: int  # parts that it saves to write it without accents

    @property
    def total_parts(self) -> int:
        """How many parts all of its readers cost together."""
        return self.segments.parts * (self.people or 0)


def bubbles(
    bodies: Mapping[str, str], people: Mapping[str, int] | None = None, *,
    longest: Mapping[str, str] | None = None,
) -> list[Bubble]:  # fmt: skip
    """Return the bubbles of a text, language -> body. Raises EmptyText for a blank one.

    longest: what is counted instead, where the body is only an example of it.
    """
    count = longest or bodies
    return [
        Bubble(
            language=language,
            body=body,
            segments=count_segments(count[language]),
            people=None if people is None else people.get(language, 0),
            swaps=tuple(
                (s.letter, s.instead) for s in cheaper_letters(body) if not s.changes_spelling
            ),
            pieces=tuple(marked(body)),
            saved=parts_saved(count[language]),
        )
        for language, body in bodies.items()
    ]
