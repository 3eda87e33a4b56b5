"""A text as the lexicon sees it: a run of words in which phrases are found. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from service.replies.lexicon import Lexicon, Token
from service.replies.lexicon.phrases import Phrases, may_hold

LONGEST_PHRASE = 8  # words


class Words:
    """Some words of a text, in order; `bares` are the same words as the lexicon knows them.

    may_hold: the bits of the lists that may have a phrase here, or in the text that they are part of.
    """

    __slots__ = ("bares", "may_hold", "text", "tokens")

    def __init__(
        self, text: str, tokens: tuple[Token, ...], of: tuple[tuple[str, ...], int] | None = None
    ) -> None:
        """of: bare words and bits, where they are known already."""
        self.text, self.tokens = text, tokens
        if of is None:
            bares = tuple([token.bare for token in tokens])
            of = bares, may_hold(bares)
        self.bares, self.may_hold = of

    def __len__(self) -> int:
        return len(self.tokens)

    def bare(self, start: int = 0, end: int | None = None) -> str:
        """Return the bare words from one place to another."""
        return " ".join(self.bares[start:end])

    def part(self, start: int, end: int | None = None) -> Words:
        """Return some of these words."""
        of = self.bares[start:end], self.may_hold
        return Words(self.text, self.tokens[start:end], of)

    def written(self) -> str:
        """Return these words as the person wrote them, from the first to the last."""
        if not self.tokens:
            return ""
        return self.text[self.tokens[0].start : self.tokens[-1].end].strip()

    def length_at(self, place: int, phrases: Phrases) -> int:
        """Return how many words the longest phrase has that begins at a place; 0 for none."""
        bares = self.bares
        known = phrases.firsts.get(bares[place])
        if known is None:
            return 0
        is_alone, seconds = known
        if seconds and place + 1 < len(bares):
            for length in seconds.get(bares[place + 1], ()):
                said = bares[place : place + length]
                if len(said) == length and " ".join(said) in phrases:
                    return length
        return 1 if is_alone else 0

    def opens_with(self, phrases: Phrases) -> int:
        """Return how many words the longest phrase at the beginning has; 0 for none."""
        may = self.tokens and self.may_hold & phrases.bit
        return self.length_at(0, phrases) if may else 0

    def closes_with(self, phrases: Phrases, start: int = 0, end: int | None = None) -> int:
        """Return how many words the longest phrase at the end has; 0 for none."""
        end = len(self.tokens) if end is None else end
        if end <= start or self.bares[end - 1] not in phrases.lasts:
            return 0
        for length in range(min(end - start, LONGEST_PHRASE), 0, -1):
            if self.bare(end - length, end) in phrases:
                return length
        return 0

    def find(self, phrases: Phrases) -> tuple[int, int] | None:
        """Return (start, end) of the first phrase anywhere, the longest where two begin."""
        if not self.may_hold & phrases.bit:
            return None
        firsts = phrases.firsts
        for start, word in enumerate(self.bares):
            if word in firsts and (length := self.length_at(start, phrases)):
                return start, start + length
        return None

    def without(self, phrases: Phrases) -> Words:
        """Return these words with every such phrase blanked, so that nothing joins across it."""
        if self.find(phrases) is None:
            return self
        tokens, start = list(self.tokens), 0
        while start < len(tokens):
            length = self.length_at(start, phrases)
            for place in range(start, start + length):
                tokens[place] = Token("·", tokens[place].start, tokens[place].end)
            start += length or 1
        bares = tuple([token.bare for token in tokens])
        return Words(self.text, tuple(tokens), (bares, self.may_hold))

    def trimmed(self, phrases: Phrases) -> Words:
        """Return these words without such phrases at both ends."""
        if not self.may_hold & phrases.bit:
            return self
        start, end = self._behind(phrases), len(self.tokens)
        while length := self.closes_with(phrases, start, end):
            end -= length
        return self.part(start, end) if (start, end) != (0, len(self.tokens)) else self

    def is_only(self, phrases: Phrases) -> bool:
        """Return whether these words are such phrases, one after the other, and nothing else."""
        return bool(self.tokens) and self._behind(phrases) == len(self.tokens)

    def after(self, phrases: Phrases) -> Words:
        """Return what is left behind all such phrases at the beginning."""
        start = self._behind(phrases)
        return self.part(start) if start else self

    def _behind(self, phrases: Phrases) -> int:
        if not self.may_hold & phrases.bit:
            return 0
        place = 0
        while place < len(self.tokens) and (length := self.length_at(place, phrases)):
            place += length
        return place

    def stands_apart(self, length: int) -> bool:
        """Return whether a mark, a number or the end follows the first `length` words."""
        if length >= len(self) or self.tokens[length].is_number:
            return True
        between = self.text[self.tokens[length - 1].end : self.tokens[length].start]
        return bool(between.strip(" \t\u00a0"))

    def keep(self, wanted: Callable[[Token], bool]) -> Words:
        """Return only the words for which `wanted` is true."""
        return Words(self.text, tuple(token for token in self.tokens if wanted(token)))


def read(text: str, lexicon: Lexicon) -> tuple[Words, frozenset[str]]:
    """Return the words and numbers of a text, and what its pictures mean."""
    tokens = lexicon.tokens(text)
    pictures = set() if text.isascii() else {one.bare for one in tokens if one.is_picture}
    if pictures:
        tokens = [token for token in tokens if token.bare not in pictures]
    meanings = frozenset(lexicon.emoji.get(picture, "picture") for picture in pictures)
    return Words(text, tuple(tokens)), meanings


def number_of(token: Token, lexicon: Lexicon) -> int | None:
    """Return the number that a token stands for, in digits or as a word; None if it is none."""
    if token.is_number:
        return int(token.bare.lstrip("+")[:9])
    return lexicon.numbers.get(token.bare)


def chosen(words: Words, top: int, lexicon: Lexicon) -> tuple[tuple[int, ...], Words] | None:
    """Read a choice from a list of 1..top: ((1, 3), what follows). None if it is no choice.

    Numbers may come as words and joined ("1 and 3", "la 2 y la 3"). "2 pm" and "2 personas" are
    amounts, not choices.
    """
    if everything := _everything(words, top, lexicon):
        return everything, words.part(len(words))
    connect, units = lexicon.get("choice", "connect"), lexicon.get("choice", "units")
    numbers: list[int] = []
    rest = words
    while rest.tokens:
        number = number_of(rest.tokens[0], lexicon)
        if number is not None and not (numbers and rest.tokens[0].bare in connect):
            numbers.append(number)
            rest = rest.part(1)
        elif length := rest.opens_with(connect):
            rest = rest.part(length)
        else:
            break
    if not numbers or (rest.tokens and rest.tokens[0].bare in units):
        return None
    if not all(1 <= number <= top for number in numbers):
        return None
    return tuple(dict.fromkeys(numbers)), rest


def _everything(words: Words, top: int, lexicon: Lexicon) -> tuple[int, ...]:
    said = words.bare()
    if said in lexicon.get("choice", "all") or (top == 2 and said in lexicon.get("choice", "both")):
        return tuple(range(1, top + 1))
    return ()


def one_digit(words: Words, top: int) -> int | None:
    """Return the digit that is all of the text, however often it was hit: "3", "333"."""
    said = words.bare().replace(" ", "")
    digit = said[:1]
    if said and digit.isdecimal() and set(said) == {digit} and 1 <= int(digit) <= top:
        return int(digit)
    return None


def without_courtesies(words: Words, lexicon: Lexicon) -> Words:
    """Return the words without greetings, please and thanks, and without whom they speak to."""
    core = words.after(lexicon.fillers).trimmed(lexicon.courtesies)
    return core.part(len(core)) if core.is_only(lexicon.get("polite", "address")) else core


def left_over(words: Words, lexicon: Lexicon) -> str:
    """Return what a person should still read: the words as written, courtesies off both ends."""
    rest = words.trimmed(lexicon.any_of("polite", "thanks", "ok", ways=("whole", "address")))
    return "" if rest.is_only(lexicon.get("apart", "joins")) else rest.written()


def unused(words: Words, used: Iterable[int]) -> Words:
    """Return the words between the first and the last that are not among the `used` places."""
    left = sorted(set(range(len(words))) - set(used))
    return words.part(left[0], left[-1] + 1) if left else words.part(len(words))
