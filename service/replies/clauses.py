"""What sentences say where no phrase is known: yes, no or maybe, by who, not, can and come. Pure.

The words and their kinds stand in lexicon/clauses.toml. Each kind is a letter (`LETTERS`), a text is a
row of letters, and what it says is found in that row: "I can't really come" is n w a c. Whatever a
rule does not explain leaves the text in doubt, and a yes is only a yes when nothing is in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import regex

from service.replies.intents import Intent
from service.replies.kinds import Kinds, load_kinds
from service.replies.reading import Words

LETTERS = {
    "i": "i", "i_am": "ib", "i_will": "iw", "will": "w", "wont": "nw", "come": "c", "coming": "e",
    "i_come": "C", "help": "h", "yes": "Y", "sure": "S", "good": "G", "bad": "F", "no": "N",
    "maybe": "m", "know": "k", "wish": "g", "invited": "v", "reason": "r", "not": "n",
    "no_or_not": "o", "problem": "p", "but": "B", "if": "f", "day": "d", "adverb": "a", "ask": "Q",
    "si": "z", "must": "u", "check": "q", "late": "l", "ride": "t", "elsewhere": "x", "there": "T",
    "pass": "X", "are": "b", "have": "H", "i_confirm": "Z", "need": "j", "if_what": "y",
    "in_on_it": "E", "until": "U", "freed": "V",
    "soft_but": "O",
}  # fmt: skip

_END = r"(?=[adT]*(?:$|[,;B?]))"
_BEGIN = r"(?:^|(?<=[,;BYz?]))"
# What a text says, piece by piece; where two begin at the same place the first one named wins.
_SIGNALS = regex.compile(
    rf"(?P<elsewhere>x)|(?P<late>m[^,;B?cC]{{0,5}}l)|(?P<maybe>(?:Ca|ibE)\.{{1,2}}U|(?:^|(?<=[,;]))z[ad]*\.[ad.q]{{0,6}}z[ad]*(?:C|iw)|[no][abidw]{{0,4}}\.?a?[kS]|(?:iw|u|j)[ad]*q|za?y|Z(?![,a]*[CY]|a+z)|m|za*iw[a.chd]{{0,4}},?C|z[^,;B?]{{0,6}}[fm])"
    rf"|(?P<fine>[no][abdwH.]{{0,3}}p|n[abdw.]{{0,3}}F(?!c))"
    rf"|(?P<made>V[.adr]{{0,5}}w?a*c)|(?P<free>n(?!w)[abdH.]{{0,2}}r|V[.ad]{{0,3}}r?)"
    rf"|(?P<no>oa?Y|N(?:a*i?wa*c)?|F|{_BEGIN}d*X{_END}|n[abd]{{0,5}}w[ad]*[rG]|oa*ib(?=[adT]*(?:$|[,;B?r]))|nw[abdgi]*\.?[abdw]{{0,3}}[cCeG]|n[abdgiw]{{0,3}}\.?[abdw]{{0,2}}[cCeGYg]"
    rf"|o[abdig]{{0,2}}\.?[abw]{{0,2}}[cCeGg]|nw{_END}|nw(?=[aT]*d[ad]*H?r)|n{_END}|{_BEGIN}[ad]*o(?=[ad]*(?:$|[,;B?irNnFH])))"
    rf"|(?P<turned>(?:C|ib[ad]*e|iw)[ad]{{0,3}}r)|(?P<reason>H[.a]{{1,3}}d)"
    rf"|(?P<yes>Y|S|zC|ia+\.b[ad]*[eY]|iw[a.]{{1,4}}T|iw[adS]{{0,3}}[cheY]|ib[ad]*w{_END}|iw{_END}|{_BEGIN}[ad]*w[ad]{{0,3}}c|ib[aSd]{{0,2}}(?:[eYT]|E(?=[adT]*(?:$|[,;B?if])))|C"
    rf"|{_BEGIN}[ad]*e{_END}|ia?c{_END}|{_BEGIN}[ad]*c{_END}"
    rf"|(?:{_BEGIN}|(?<=i))a*z(?=[ad]*(?:$|[,;B?]|[iCYwGn]|[ad]+[CYi])))"
    rf"|(?P<wish>ga{{0,2}}[ch]|g{_END})"
    rf"|(?P<good>{_BEGIN}[abdiY]*G{_END})|(?P<ride>t)|(?P<because>r|p|u(?![ad]*[ckqN]))|(?P<soft>O)|(?P<but>B)|(?P<invited>[gv])|(?P<si>{_BEGIN}[ad]*z)|(?P<if>f|z)|(?P<denied>nw|n|o)"
)
# A question answers nothing: from its first word on, or all of it where only its mark shows it.
_ASKED = regex.compile(r"(?:^|(?<=[,;?BY]))[ad]*Q[^;?]*\??")
_QUESTION = regex.compile(r"[^;?]*\?")
_ACCENT = regex.compile(r"[íìÍÌ]|i[\u0300\u0301]")
_LIKELY_NOT = regex.compile(r"m[iabd]{0,3}(?:N|nw|n[ab]*[ceC]|oa*[Cc])")
# "My husband can't come but I will": what comes last is meant.
_AFTER_ALL = regex.compile(r"[no][^;?]*Ba*(?:ia*za*(?:C|iw)?|iw|C)a*$")
_SAME = {"because": "reason", "turned": "no", "made": "yes"}
SHORT = 3  # words of no kind that may stand beside a "good"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a text says. is_sure: it says so plainly.  is_split: it says yes and no.

    is_whole: every word of it is of a known kind, so that nothing is left for a person to read.
    """

    intent: Intent
    is_sure: bool = True
    is_split: bool = False
    is_whole: bool = False


@cache
def _kinds() -> Kinds:
    return load_kinds("clauses", LETTERS)


def judge(words: Words) -> Verdict | None:
    """Return what the sentences of a text say; None where they say nothing or it stays unclear."""
    spelt = _kinds().spell(_with_accents(words))
    if "?" in spelt or "Q" in spelt:
        spelt = _QUESTION.sub("?", _ASKED.sub(";", spelt))
    found = [(match.lastgroup or "", match.start()) for match in _SIGNALS.finditer(spelt)]
    first = {_SAME.get(name, name): place for name, place in reversed(found)}
    said = _weigh(first, spelt)
    if said is None:
        return None
    is_whole = not set(spelt) & set(".rhfgdl?QkmuqyjHp")
    return Verdict(said[0], said[1], said[2], is_whole)


def is_statement(words: Words) -> bool:
    """Return whether a text asks, denies or says what somebody does: it is no name of a place."""
    return bool(set(_kinds().spell(words)) & set("Qniwvjqmut"))


def _with_accents(words: Words) -> Words:
    """Return the words with "sí" told from "si", where somebody wrote the accent."""
    if not _ACCENT.search(words.text):
        return words
    text = words.text
    return Words(text, tuple(
        token._replace(bare="simon")
        if token.bare == "si" and _ACCENT.search(text, token.start, token.end) else token
        for token in words.tokens
    ))  # fmt: skip


def _weigh(first: dict[str, int], spelt: str) -> tuple[Intent, bool, bool] | None:
    """Return the intent, whether it is sure, and whether yes and no are both said.

    first: each signal, and where it stands for the first time.
    """
    yes, no = "yes" in first or "fine" in first, "no" in first
    if "elsewhere" in first:
        return None
    wished = "wish" in first or "invited" in first
    if "maybe" in first:
        is_refused = no and not yes and first["no"] < first["maybe"]
        if is_refused or (no and not yes and _LIKELY_NOT.search(spelt)):
            return Intent.NO, False, False
        return Intent.MAYBE, True, False
    if yes and no:
        if 0 < first["no"] < first.get("but", 0) and _AFTER_ALL.search(spelt):
            return Intent.YES, False, False
        return Intent.MAYBE, False, True
    if no:
        return Intent.NO, True, False
    if yes:
        return _yes(first)
    if "soft" in first:
        return Intent.MAYBE, False, False
    if (
        wished
        and "but" in first
        and min(first.get("wish", 99), first.get("invited", 99)) < first["but"]
    ):
        return Intent.NO, "reason" in first, False
    if ("reason" in first and "denied" not in first) or ("reason" in first and "but" in first):
        return Intent.NO, False, False
    if "ride" in first:
        return Intent.MAYBE, False, False
    if ("good" in first and spelt.count(".") <= SHORT) or "wish" in first:
        return None if "denied" in first or "if" in first else (Intent.YES, True, False)
    return None


def _yes(first: dict[str, int]) -> tuple[Intent, bool, bool] | None:
    if "if" in first or "si" in first:
        return (Intent.MAYBE, False, False) if "if" in first else None
    place = first.get("yes", first.get("fine", 0))
    but, denied = first.get("but", 999), first.get("denied", 999)
    if denied < but < place:
        return Intent.YES, False, False  # "my car won't start but I'll be there"
    if "denied" in first and not place < but < denied:
        return None
    return Intent.YES, True, False
