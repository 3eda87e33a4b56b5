"""Which of the chapter's offices: the question, and the one whose name somebody wrote. Pure."""

from __future__ import annotations

from service.replies.lexicon import load_lexicon
from service.replies.talks.turns import Around, Place, Say

MOST_PLACES = 8  # more than this don't fit into a text


def named_place(text: str, places: tuple[Place, ...]) -> Place | None:
    """Return the one place whose name has most words in common with the text."""
    lexicon = load_lexicon()
    said = {token.bare for token in lexicon.tokens(text) if len(token.bare) > 2}
    shared = [len(said & {token.bare for token in lexicon.tokens(place.label)}) for place in places]
    best = max(shared, default=0)
    return places[shared.index(best)] if best and shared.count(best) == 1 else None


def which_place(around: Around) -> Say:
    """Return the question with the places numbered, the last number for any other."""
    catalog, language = around.catalog, around.language
    labels = [place.label for place in around.places[:MOST_PLACES]]
    labels.append(catalog.word("intake", "elsewhere", language))
    items = [f"{number} {label}" for number, label in enumerate(labels, start=1)]
    numbers = [str(number) for number in range(1, len(labels) + 1)]
    return Say(
        "intake_office",
        {
            "items": catalog.join(items, language, last="items"),
            "choices": catalog.join(numbers, language, last="or"),
        },
    )
