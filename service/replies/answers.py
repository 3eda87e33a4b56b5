"""Yes, no and maybe, in the many ways in which people say them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import regex

from service.replies.clauses import Verdict, judge
from service.replies.intents import Certainty, Expecting, Intent, Question, Reply
from service.replies.lexicon import Lexicon
from service.replies.lexicon.phrases import Phrases
from service.replies.party import party_of
from service.replies.reading import LONGEST_PHRASE, Words, chosen, left_over, unused

# The order decides between lists that hold the same phrase: what is least certain comes first.
OPENINGS = ("unclear", "maybe", "no", "yes")
OPPOSITES = {"yes": ("no", "maybe"), "no": ("yes", "maybe")}
CLITICS = frozenset({"me", "nos", "le", "les", "lo", "la", "los", "las", "se"})  # "no me abre"
ARTICLES = frozenset({"la", "las", "el", "los", "mi", "mis"})  # "y la troca"
ONLY_BUT = Phrases({"but", "pero"})
BUT = frozenset({"but", "pero", "only", "solo", "just", "nomas"})


@dataclass(frozen=True, slots=True)
class Heard:
    """A text without its courtesies, and what is known around it."""

    core: Words
    language: str
    expecting: Expecting
    is_question: bool
    lexicon: Lexicon


def read_answer(heard: Heard) -> Reply | None:
    """Return YES, NO or MAYBE, or the CHOICE within a yes; None if it is none of them.

    UNKNOWN means: it begins like an answer and is none ("no encuentro el lugar").
    """
    if heard.core.opens_with(ONLY_BUT):
        heard = replace(heard, core=heard.core.after(ONLY_BUT))
    by_phrase = _by_phrase(heard)
    verdict = None if heard.core.is_only(heard.lexicon.get("ok")) else judge(heard.core)
    return by_phrase if verdict is None else _settled(heard, by_phrase, verdict)


def _settled(heard: Heard, by_phrase: Reply | None, verdict: Verdict) -> Reply | None:
    """Return what both readers agree on; the sentences win where the phrases did not see them all."""
    known = by_phrase.intent if by_phrase else None
    if known in (verdict.intent, Intent.CHOICE) or (verdict.is_split and known is Intent.NO):
        return by_phrase
    if known is Intent.YES and verdict.intent is Intent.NO and not verdict.is_sure:
        return by_phrase
    if known is Intent.UNKNOWN and (verdict.intent is Intent.YES or not verdict.is_whole):
        return by_phrase
    party, remainder = None, "" if verdict.is_whole else heard.core.written()
    if verdict.intent is Intent.YES:
        party, _ = party_of(heard.core, len(heard.core), heard.lexicon)
    certainty = Certainty.SURE if verdict.is_sure else Certainty.DOUBTFUL
    return Reply(verdict.intent, party=party, remainder=remainder, certainty=certainty)


def _by_phrase(heard: Heard) -> Reply | None:
    """Return what the phrases of the lexicon say."""
    core, opening = heard.core, _opening(heard, heard.core)
    if opening and opening[1] > core.opens_with(heard.lexicon.get("ok")):
        meaning, length = opening
        if meaning == "unclear":
            return Reply(Intent.UNKNOWN, remainder=core.written())
        return _with_rest(heard, meaning, length)
    if reply := _after_ok(heard):
        return reply
    return None if heard.is_question else _anywhere(heard)


def _opening(heard: Heard, core: Words) -> tuple[str, int] | None:
    """Return the meaning of the longest phrase at the beginning and its length in words."""
    best: tuple[str, int] | None = None
    for meaning in OPENINGS:
        is_doubtful = meaning == "yes" and heard.is_question  # "Can I come?", "¿Puedo ir?"
        ways = ("starts",) if is_doubtful else ("starts", "anywhere", "statement")
        length = core.opens_with(heard.lexicon.get(meaning, *ways))
        if core.bare() in heard.lexicon.get(meaning):
            length = len(core)
        if not length and _says_apart(heard, core, meaning):
            length = 1
        if length and (best is None or length > best[1]):
            best = (meaning, length)
    return best


def _says_apart(heard: Heard, core: Words, meaning: str) -> bool:
    """Return whether it begins with a plain yes or no, and not with "si llueve" or "no veo"."""
    if not core.tokens or core.tokens[0].bare not in heard.lexicon.get(meaning, "apart"):
        return False
    if core.stands_apart(1) or regex.search("[íìÍÌ]", core.part(0, 1).written()):
        return True
    following = core.part(1)
    next_word = following.bares[0]
    is_spanish = next_word in ARTICLES or heard.lexicon.only.get(next_word) == "es"
    if core.tokens[0].bare == "y" and (heard.language == "es" or is_spanish):
        return False  # "y" is "and" there
    if meaning == "no" and following.tokens[0].bare in CLITICS:
        return False
    openings = heard.lexicon.any_of(*OPENINGS, ways=("starts", "anywhere", "statement", "apart"))
    if following.opens_with(openings) or following.opens_with(heard.lexicon.fillers):
        return True
    return following.tokens[0].bare in heard.lexicon.get("apart", "then")


def _with_rest(heard: Heard, meaning: str, length: int) -> Reply:
    """Bind the intent to what follows it: a choice, how many come, a note for a person."""
    core, lexicon = heard.core, heard.lexicon
    if meaning != "maybe" and (found := _numbers_behind(heard, core.part(length))):
        is_list = heard.expecting.question is Question.LIST and meaning == "yes"
        intent = Intent.CHOICE if is_list else Intent(meaning)
        return Reply(intent, found[0], remainder=left_over(found[1], lexicon))
    if meaning == "maybe":
        return Reply(Intent.MAYBE, remainder=left_over(core.part(length), lexicon))
    rest = core.part(length).after(_same(heard, meaning))
    if _turns_around(heard, meaning, rest):
        return Reply(Intent.MAYBE, remainder=core.written())
    if meaning == "no":
        return Reply(Intent.NO, remainder=left_over(rest, lexicon))
    said_yes = len(core) - len(rest)
    party, places = party_of(core, said_yes, lexicon)
    open_words = unused(core, {*range(said_yes), *places})
    return Reply(Intent.YES, party=party, remainder=left_over(open_words, lexicon))


def _numbers_behind(heard: Heard, rest: Words) -> tuple[tuple[int, ...], Words] | None:
    """Return which ones a yes or no is for, where there is more than one to answer."""
    if heard.expecting.question not in (Question.ASKS, Question.LIST):
        return None
    return chosen(rest, heard.expecting.top, heard.lexicon)


def _same(heard: Heard, meaning: str) -> Phrases:
    """Return the phrases that only say the same again: "yes, I can, count me in, please"."""
    ways = ("starts", "statement", "anywhere", "apart", "whole", "address")
    return heard.lexicon.any_of(meaning, "polite", "thanks", "ok", ways=ways)


def _turns_around(heard: Heard, meaning: str, rest: Words) -> bool:
    """Return whether a yes goes on as a no or a maybe, or a no as a yes: nobody should guess."""
    if meaning == "yes" and rest.tokens and rest.tokens[0].bare in BUT:
        rest = rest.part(1)
    place = rest.part(0, LONGEST_PHRASE).find(
        heard.lexicon.any_of(*OPPOSITES[meaning], ways=("anywhere",))
    )
    return place is not None and place[0] <= 1  # "I", "yo" may come first


def _after_ok(heard: Heard) -> Reply | None:
    """ "ok pero llego tarde" is a yes to an open ask; "ok voy" and "ok pero no" say it themselves."""
    core = heard.core
    length = core.opens_with(heard.lexicon.get("ok"))
    if not length or length == len(core):
        return None
    rest = core.part(length)
    if _opening(heard, rest):
        return _by_phrase(replace(heard, core=rest))
    if rest.tokens[0].bare in BUT and heard.expecting.takes_yes and not _anywhere(heard):
        return Reply(Intent.YES, remainder=left_over(rest, heard.lexicon))
    return None


def _anywhere(heard: Heard) -> Reply | None:
    """Return the intent of the first telling phrase; anything around it is for a person."""
    core, lexicon = heard.core, heard.lexicon
    party, places = party_of(core, len(core), lexicon)
    if party and heard.expecting.takes_yes and 0 in places:
        left = unused(core, places).after(_same(heard, "yes"))
        return Reply(Intent.YES, party=party, remainder=left_over(left, lexicon))
    found = []
    for meaning in ("no", "yes", "maybe"):
        phrases = lexicon.get(meaning, "anywhere")
        if meaning == "yes" and heard.expecting.takes_yes:
            phrases = lexicon.any_of("yes", "join", ways=("anywhere",))
        if place := core.find(phrases):
            found.append((place[0], place[1], meaning))
    if not found:
        return None
    start, end, meaning = min(found)
    around = {token.bare for token in (*core.tokens[:start], *core.tokens[end:])}
    is_all = around <= lexicon.get("apart", "then") | lexicon.courtesies
    remainder = "" if is_all else core.written()
    if meaning == "yes":
        return Reply(Intent.YES, party=party, remainder=remainder)
    return Reply(Intent(meaning), remainder=remainder)
