"""Whether somebody wants no more texts, in words that no list has whole. Pure.

The words and their kinds stand in lexicon/leaving.toml, a letter each (`LETTERS`). Who talks about an
event ("take me off the list for Saturday") or forbids stopping ("don't stop texting") does not leave.
"""

from __future__ import annotations

from functools import cache

import regex

from service.replies.kinds import Kinds, load_kinds
from service.replies.lexicon.phrases import Phrases
from service.replies.reading import Words

LETTERS = {
    "cease": "s", "sending": "t", "send": "u", "command": "c", "command_or_past": "f",
    "keep_on": "k", "thing": "g", "vague": "x", "list": "L", "remove": "r", "remove_me": "R",
    "take": "K", "off": "O", "out_of": "P", "exit": "E", "me": "m", "again": "A", "not": "n",
    "no": "o", "did_not": "d", "want": "w", "receive": "v", "hear": "V", "unsubscribe": "U",
    "wrong": "W", "event": "D", "while": "q",
    "urging": "z", "stranger": "y", "reach": "l",
}  # fmt: skip

_FREE = r"(?<![nod])(?<![nod]\.)(?<![nod][mvwx])"  # nobody said "don't" just before
_NO_EVENT = r"(?![.mgxLOPA,]{0,4}D)"
_NO_WHILE = r"(?![.mgxLOPA,]{0,4}q|[.mx]{0,2}D)"
_LEAVES = regex.compile(
    # stop texting, stop these messages; unsubscribe
    rf"^[z,]*s[zxA,;]*$|{_FREE}sV|[nod][wK]x$|{_FREE}s[.mx]?[.mvK]?[tu]{_NO_WHILE}|{_FREE}s[.mvxAnK]{{0,3}}[gL]{_NO_WHILE}|{_FREE}U"
    # don't text me, no me manden, no me sigan mandando, no more texts
    rf"|n[.]{{0,2}}u[.tux]{{0,2}}[mgA]{_NO_WHILE}|nu[.]?{_NO_WHILE}$"
    rf"|[no]m?k?[cA]{{0,2}}(?:c|km?[tcfu])m?{_NO_WHILE}|[no](?:mf|fm?A|fg){_NO_WHILE}"
    rf"|[no]ml[.x]{{0,2}}g{_NO_WHILE}|[no]A[.]{{0,2}}(?:g|t){_NO_WHILE}|(?:^|(?<=[,;]))[no]m?A?g(?=$|[,;A])"
    # don't want to receive, never signed up for these messages; not interested, remove
    rf"|[nod][.]{{0,2}}w[,;]z*rx?$|[nod][.]{{0,2}}[wK][.mAxK]{{0,3}}(?:V|k[tcfu]|[vuc][.mvKAgx]{{0,4}}[gtLxmA]|[.mA]?[gtL]|R){_NO_WHILE}"
    # remove my number, take me off, get me out of this list
    rf"|{_FREE}r[.vK]{{0,3}}m{_NO_EVENT}|{_FREE}rm?[.mxOP]{{0,4}}[Lg]{_NO_EVENT}|{_FREE}R{_NO_EVENT}"
    rf"|{_FREE}[Kr][.]?[mgL][.m]{{0,2}}O{_NO_EVENT}|{_FREE}[KE][.vm]{{0,3}}[OP][.xtg]{{0,3}}[Lg]{_NO_EVENT}"
    rf"|{_FREE}E[.k]{{0,2}}L{_NO_EVENT}"
    rf"|[tug][^?]*[,;.]s[xAz]{{0,2}}(?=$|[,;])|{_FREE}s[A]?[,;][^?]*[tu][mg]"
    # wrong number, stop
    rf"|W[^?]*[srRUn]|[srRU][^?]*W|W[^?]*o[m]?[ucfk]"
    # who is this? stop
    rf"|y[?,;]*s[zxA]*$|^s[zxA,;]*y"
)

# "Take me off the list for Saturday", "no me escriban de noche".
_ABOUT_EVENT = regex.compile(r"[LOgmtucfRrs][.mgxALO]{0,4}[Dq]")


@cache
def _kinds() -> Kinds:
    return load_kinds("leaving", LETTERS)


@cache
def _needed() -> Phrases:
    """Return the phrases without one of which nobody leaves."""
    return _kinds().of("snodrRUKEW")


def leaves(words: Words) -> bool:
    """Return whether a text asks, in whatever words, for no more texts."""
    if words.find(_needed()) is None:
        return False
    return _LEAVES.search(_kinds().spell(words)) is not None


def is_about_event(words: Words) -> bool:
    """Return whether a text that sounds like leaving is about one event or an hour of the day."""
    spelt = _kinds().spell(words)
    return _ABOUT_EVENT.search(spelt) is not None and _LEAVES.search(spelt) is None
