"""Find the pieces of a date in people's own words: days, weekdays, weeks, times. Pure.

Nothing is decided here: `when.py` makes a day and a time of the pieces, or asks. Each piece that is
found is blanked, so that the 10 of "Tuesday the 10th at 9" is never also a time.
"""

from __future__ import annotations

from typing import Any

import regex

from service.replies.dates.pieces import (
    Away,
    Half,
    MonthDay,
    Named,
    Nth,
    Numbers,
    Pieces,
    TimeOfDay,
    WeekDay,
)
from service.replies.dates.words import alternatives, compiled, load_words, plain

GONE = " · "
PHONE = r"\+?\d?[\s.(-]*\b\d{3}[\s.)-]{1,2}\d{3}[\s.-]?\d{4}\b"
# What makes the number before it a time and not a day.
TIME_FOLLOWS = (
    r"(?!\d)(?![ap]\b)"
    r"(?!\s*(?::\d|\.\d\d|am\b|pm\b|oclock\b|hrs?\b|h\b|horas\b|y\s+media|y\s+cuarto|/))"
)
AT = (
    r"at|(?:a\s+eso\s+de\s+|sobre\s+|para\s+|pa\s+|como\s+)?a?\s*las?|tipo(?:\s+las?)?"
    r"|por\s+ahi\s+de\s+las?|around|about|like|by"
)
# Four digits that are an hour beside a day, and no year; among other words an hour of an office.
ALONE, AT_THE_END = r"(?!20\d\d)(\d{1,2})\s?([0-5]\d)", r"(?<!\d)(0?[7-9]|1[0-8])([0-5][05])"


def find_pieces(text: str) -> Pieces:
    """Return the pieces of a date and time in a text in English, Spanish or both. Never raises."""
    finder = _Finder(plain(text))
    for step in (
        finder.numbered, finder.windows, finder.ranges, finder.nth_weekdays, finder.named_days,
        finder.number_days, finder.parts, finder.weeks_from, finder.away, finder.weekdays,
        finder.month_days, finder.times, finder.rest, finder.doubts,
    ):  # fmt: skip
        step()
    return finder.found


class _Finder:
    def __init__(self, said: str) -> None:
        self.said, self.words = regex.sub(PHONE, GONE, said), load_words()
        self.found = Pieces()

    def take(self, pattern: str) -> list[regex.Match[str]]:
        """Return what matches, and blank it."""
        known = compiled(pattern)
        matches = list(known.finditer(self.said))
        if matches:
            self.said = known.sub(GONE, self.said)
        return matches

    # --- days ---

    def numbered(self) -> None:
        """A door, a floor or how many come is no day and no hour: "room 5", "cuarto 12", "4th floor"."""
        words, behind = (alternatives(self.words.table["numbered"][k]) for k in ("words", "behind"))
        self.take(rf"\b(?:{words})\s*(?:#|no\b\.?)?\s*\d+\w?\b|#\s*\d+")
        self.take(r"(?<!\b(?:y|con|menos)\s)\bcuarto\s+\d+\b")
        self.take(rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:{behind})\b")

    def ranges(self) -> None:
        """From one day to another: "Oct 1-5", "del 1 al 5 de octubre"."""
        month, ending = rf"(?:{self.words.alt('months')})", r"(?:st|nd|rd|th)?"
        for pattern in (
            rf"\b{month}\b\.?\s*\d{{1,2}}{ending}\s*(?:-|al)\s*\d{{1,2}}{ending}\b{TIME_FOLLOWS}",
            rf"(?<![\d:/-])\b\d{{1,2}}{ending}\s*(?:-|al)\s*\d{{1,2}}{ending}\s+(?:de\s+|of\s+)?{month}\b",
        ):
            self.found.is_vague |= compiled(pattern).search(self.said) is not None

    def windows(self) -> None:
        """From one time to another: "8 to 4", "8:00-9:30", "de 8 a 4", "entre 9 y 11"."""
        time = r"(?:las?\s+|at\s+)?\d{1,2}(?:[:.]\d\d)?\s*(?:am|pm)?"
        exact = r"(?:las?\s+|at\s+)?\d{1,2}(?::\d\d\s*(?:am|pm)?|\s*(?:am|pm))"
        no_month = rf"(?<!\b(?:{self.words.alt('months')})\.?\s)"  # "May 19 - 10:40"
        patterns = (
            rf"\b(?:from|between|de|entre)\s+(?P<a>{time})\s*(?:to|till|until|a|hasta|and|y|-)\s*(?P<b>{time})\b(?!\s*/)",
            rf"(?<![\d/-])\b(?P<a>{exact})\s*(?:to|till|until|a|hasta|y|and|o|or|-)\s*(?P<b>{time})\b(?!\s*/)",
            rf"{no_month}(?<![\d/-])\b(?P<a>\d{{1,2}})\s*(?:to|till|until|hasta|-)\s*(?P<b>{exact})",
            r"(?<![\d/-])\b(?P<a>\d{1,2})\s+a\s+(?P<b>\d{1,2}:\d\d)\b",
            rf"{no_month}(?<![\d/-])\b(?P<a>\d{{1,2}})\s+(?:to|till|until|hasta|or|o)\s+(?P<b>\d{{1,2}})\b(?!\s*[/:])",
        )
        for pattern in patterns:
            for match in self.take(pattern):
                self.found.is_window = True
                first = compiled(r"(\d{1,2})(?:[:.](\d\d))?\s*(am|pm)?").search(match["a"])
                if first:
                    self.time(first[1], first[2], first[3])

    def nth_weekdays(self) -> None:
        """One weekday of a month: "first Monday of May", "el último viernes del mes que entra"."""
        orders = {word: int(n) for n, words in self.words.table["nth"].items() for word in words}
        month = (
            rf"(?P<month>{self.words.alt('months')})\b\.?(?:\s+(?:de|del|of)?\s*(?P<year>20\d\d))?"
        )
        other = "|".join(self.words.alt("month", name) for name in ("next", "this"))
        for match in self.take(
            rf"\b(?:the\s+|el\s+)?(?P<nth>{alternatives(orders)})\s+(?P<w>{self.words.alt('weekdays')})"
            rf"\s+(?:(?:of|in|de|del|en)\s+)?(?:{month}|(?P<other>(?:of\s+|de\s+|del\s+)?(?:{other})))\b"
        ):
            named, year = match["month"], match["year"]
            if match["other"]:
                is_next = compiled(rf"(?:{self.words.alt('month', 'next')})").search(match["other"])
                self.found.month = 1 if is_next else 0
            self.found.days.append(
                Nth(
                    self.words.number("weekdays", match["w"]), orders[match["nth"]],
                    self.words.number("months", named) if named else None,
                    int(year) if year else None,
                )
            )  # fmt: skip

    def named_days(self) -> None:
        for match in self.take(r"\b(20\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?:t(?=\d))?"):
            self.found.days.append(Named(int(match[2]), int(match[3]), int(match[1])))
        month, day = self.words.alt("months"), rf"(?P<day>{self.words.days})"
        of = r"(?:of\s+|de\s+|del\s+(?:mes\s+de\s+)?|[-/]|\s)"
        year = r"(?:\s*,?\s*(?:de|del|of)?\s*(?:ano\s+)?(?P<year>20\d\d|'\d\d))?\b"
        behind = rf"\b{day}(?:st|nd|rd|th|ro|er|o)?(?:\s+day)?\s*{of}\s*(?P<month>{month})\b\.?"
        ahead = (
            rf"\b(?P<month>{month})\b\.?\s*,?\s*(?:the\s+|el\s+)?"
            rf"{day}(?:st|nd|rd|th)?\b{TIME_FOLLOWS}"
        )
        spanish = rf"\b{day}\s+(?:de\s+|del\s+)?(?P<month>{self.words.spanish_months})\b\.?"
        # "3 nov 9": the day, its month and an hour; "at 3 nov 9" is the other way round.
        between = rf"(?<!\b(?:{AT})\s|@\s?)(?<![\d:./-]){behind[2:]}(?=\s*,?\s+\d{{1,4}}\b(?!\s*/))"
        for pattern in (spanish, between, ahead, behind):
            for match in self.take(pattern + year):
                said = match["year"]
                self.found.days.append(
                    Named(
                        self.words.number("months", match["month"]), self.count(match["day"]),
                        None if said is None else _year(said.strip("'")),
                    )
                )  # fmt: skip

    def number_days(self) -> None:
        for match in self.take(r"\b(?:el|dia)\s+(\d{1,2})\s+del\s+(?:mes\s+)?(0?[1-9]|1[0-2])\b"):
            self.found.days.append(Named(int(match[2]), int(match[1])))  # "el 21 del 4"
        patterns = (
            r"(?<![\d:./-])\b(\d{1,2})\s*/\s*(\d{1,2})(?:\s*/\s*(\d{4}|\d{2}))?\b(?![\d:/])",
            r"(?<![\d:./-])\b(\d{1,2})[-.](\d{1,2})[-.](\d{4}|\d{2})\b",
            r"(?<![\d:./-])\b(\d{1,2})-(\d{1,2})\b(?![\d:-]|\s*(?:am|pm|days?|dias?|weeks?|wks?|semanas?|months?|meses)\b)()",
            r"(?<!\d)(\d{2})(\d{2})(20\d\d)(?!\d)",
        )
        for pattern in patterns:
            for match in self.take(pattern):
                year = _year(match[3]) if match[3] else None
                self.found.days.append(Numbers(int(match[1]), int(match[2]), year))

    def parts(self) -> None:
        """Morning, afternoon, evening; in Spanish before "mañana" is taken for tomorrow.

        A number right before "de la tarde" or "in the morning" is an hour.
        """
        hour = (
            rf"(?:\b(?:{AT})\s+|@\s*)?(?<![\d:.])(?<!\b(?:y|con|menos)\s)"
            rf"\b(?P<h>\d{{1,2}}|{self.words.hours})"
        )
        behind = r"(?=\s+(?:de\s+la\s+(?:manana|tarde|noche|madrugada)|in\s+the\s|at\s+night))"
        for match in self.take(rf"{hour}{behind}"):
            self.time(match["h"], "0", "")
        for name in ("morning", "afternoon", "evening"):
            pattern = rf"(?<!\bdia )\b(?:{self.words.alt('parts', name)})\b(?!\s+en\s+(?:ocho|8|quince|15)\b)"
            for match in self.take(pattern):
                if name == "morning" and match[0] in ("de manana", "early", "temprano"):
                    self.found.part = self.found.part or "morning"
                else:
                    self.found.part = name
                if compiled(r"^(?:this|esta|tonight)\b").match(match[0]):
                    self.found.days.append(Away(0))

    def weeks_from(self) -> None:
        days = self.words.alt("weekdays")
        if self.take(rf"\b(?:{days})\s+pasado\b(?!\s+manana)|\bpasado\s+(?:{days})\b"):
            self.found.is_past = True
        week_day = rf"(?:this\s+)?(?P<w>{self.words.alt('weekdays')})"
        for pattern, usual in (
            (rf"\b(?P<n>\d{{1,2}}|{self.words.counts})\s+weeks?\s+from\s+{week_day}\b", 1),
            (rf"\b(?P<n>)week\s+from\s+{week_day}\b", 1),
            (rf"\b{week_day}(?P<n>)\s+(?:{self.words.alt('weekday', 'week_later')})\b", 1),
            (rf"\b{week_day}(?P<n>)\s+(?:{self.words.alt('weekday', 'fortnight_later')})\b", 2),
        ):
            for match in self.take(pattern):
                weeks = self.count(match["n"]) if match["n"] else usual
                number = self.words.number("weekdays", match["w"])
                self.found.weekdays.append(WeekDay(number, weeks=weeks))

    def away(self) -> None:
        for name, week in (("later", 2), ("next", 1), ("this", 0)):
            if self.take(rf"\b(?:{self.words.alt('weeks', name)})\b"):
                self.found.week = week
        for month, name in ((1, "next"), (0, "this")):
            if self.take(rf"\b(?:(?:of|de|del)\s+)?(?:{self.words.alt('month', name)})\b"):
                self.found.month = month
            if self.take(rf"\b(?:{self.words.alt('year', name)})\b"):
                self.found.year = month
        count_ = rf"(?P<n>\d{{1,2}}|{self.words.counts})"
        for unit in ("days", "weeks", "months"):
            units = self.words.alt("units", unit)
            for pattern in (
                rf"\b(?:in|en|dentro\s+de|de\s+(?:aqui|hoy)\s+(?:a|en))\s+{count_}\s+(?:more\s+)?(?:{units})\b",
                rf"(?<!\d\s?-\s?|\b(?:or|to|o|u)\s)\b{count_}\s+(?:{units})\s+(?:from\s+(?:now|today)|a\s+partir\s+de\s+hoy|away|out)\b",
            ):
                for match in self.take(pattern):
                    away = Away(self.count(match["n"]), unit)
                    self.found.days.append(away)
                    # "En ocho días" is a week to many, and eight days to others.
                    self.found.is_vague |= "dia" in match[0] and away.count in (8, 15)
        for count, phrases in self.words.by_number("days"):
            if self.take(rf"\b(?:{phrases})\b"):
                self.found.days.append(Away(count))
        if self.take(rf"\b(?:{alternatives(self.words.table['past']['words'])})\b"):
            self.found.is_past = True
        if self.take(rf"\b(?:{alternatives(self.words.table['vague']['words'])})\b"):
            self.found.is_vague = True

    def weekdays(self) -> None:
        said = self.words.table["weekday"]
        turns = {word: turn for turn in ("coming", "upcoming", "next") for word in said[turn]}
        turns |= dict.fromkeys(said["other"], "after_next")
        after = dict.fromkeys(said["upcoming_after"], "upcoming")
        after |= dict.fromkeys(said["after_next"], "after_next")
        pattern = (
            rf"\b(?:(?P<before>{alternatives(turns)})\s+)?(?P<w>{self.words.alt('weekdays')})\b\.?"
            rf"(?:\s+(?P<after>{alternatives(after)})\b)?"
            rf"(?:\s*,?\s*(?P<mark>the\s+|el\s+|dia\s+)?(?P<day>\d{{1,2}})(?P<th>st|nd|rd|th)?\b{TIME_FOLLOWS})?"
        )
        for match in self.take(pattern):
            turn: Any = after.get(match["after"] or "") or turns.get(match["before"] or "", "")
            self.found.weekdays.append(WeekDay(self.words.number("weekdays", match["w"]), turn))
            if match["day"]:
                is_bare = not (match["mark"] or match["th"])
                self.found.days.append(MonthDay(int(match["day"]), is_bare))

    def month_days(self) -> None:
        for pattern in (
            rf"\bdia\s+(?P<day>{self.words.days})\b{TIME_FOLLOWS}",
            rf"\b(?:the|el|el\s+dia|dia)\s+(?P<day>\d{{1,2}}|{self.words.later_days})(?:st|nd|rd|th)?\b{TIME_FOLLOWS}",
            r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)\b",
        ):
            for match in self.take(pattern):
                self.found.days.append(MonthDay(self.count(match["day"])))

    # --- times ---

    def times(self) -> None:
        at = rf"(?:\b(?:{AT})\s+|@\s*)"
        hour = rf"(?P<h>\d{{1,2}}|{self.words.hours})"
        half = r"(?:\s*(?P<half>am|pm)\b|(?P<letter>(?<=\d)[ap])\b)?"
        tens = r"quince|treinta|veinte|diez|cinco|cuarenta\s+y\s+cinco|cuarenta"
        minutes = rf"(?P<word>media|cuarto|\d{{1,2}}|{tens})"
        for match in self.take(rf"{at}?\b(?P<h>\d{{1,2}})(?:\s?[:.]\s?|h)(?P<m>\d\d)\b{half}"):
            self.time(match["h"], match["m"], match["half"] or match["letter"])
        for match in self.take(rf"{at}?\b(?P<h>\d{{1,2}})\s?(?P<m>[0-5]\d)\s*(?P<half>am|pm)\b"):
            self.time(match["h"], match["m"], match["half"])
        for match in self.take(rf"(?:{at}(?P<h>\d{{1,2}})|\b(?P<h>0\d))(?P<m>\d\d)\b"):
            self.time(match["h"], match["m"], "")
        past = (
            r"\b(?P<word>half|(?:a\s+)?quarter|twenty|ten|five|(?:5|10|20|25)(?=\s+(?:past|after)))"
            r"\s+(?P<way>past|after|to|til|before)"
        )
        for match in self.take(rf"{past}\s+{hour}\b{half}"):
            self.shifted(match, back=match["way"] in ("to", "til", "before"))
        for match in self.take(rf"\b(?:un\s+)?{minutes}\s+(?:para|pa)\s+las?\s+{hour}\b{half}"):
            self.shifted(match, back=True)
        for match in self.take(rf"{at}?\b{hour}\s+(?P<way>y|menos|con)\s+{minutes}\b{half}"):
            self.shifted(match, back=match["way"] == "menos")
        for match in self.take(
            rf"{at}?\b{hour}\s+(?P<word>thirty|fifteen|forty\s+five|treinta|quince)\b{half}"
        ):
            self.shifted(match, back=False)
        for match in self.take(rf"{at}?\b{hour}(?:\s*(?P<half>am|pm)\b|(?P<letter>(?<=\d)[ap])\b)"):
            self.time(match["h"], "0", match["half"] or match["letter"])
        for match in self.take(rf"{at}?\b{hour}\s*(?:oclock|en\s+punto|sharp|hrs?|h|horas)\b"):
            self.time(match["h"], "0", "")
        for match in self.take(rf"{at}{hour}\b"):
            self.time(match["h"], "0", "")
        for name, at_hour in (("noon", 12), ("midnight", 0)):
            if self.take(rf"\b(?:{self.words.alt('parts', name)})\b") and not self.found.times:
                self.found.times.append(TimeOfDay(at_hour, 0, "pm" if at_hour else "am"))

    def rest(self) -> None:
        """A number that is all that is left beside a day is its time: "March 10, 9"."""
        if self.found.times or not (self.found.days or self.found.weekdays):
            return
        self.take(rf"\b(?:{alternatives(self.words.table['fillers']['words'])})\b")
        left = regex.sub(r"[·,.:;!\s]+", " ", self.said).strip()
        if compiled(r"\d{1,2}").fullmatch(left):
            self.time(left, "0", "")
        elif match := compiled(rf"(?|^{ALONE}$|{AT_THE_END}$)").search(left):
            self.time(match[1], match[2], "")

    def doubts(self) -> None:
        """What is left over may turn the day into another one: "the last Friday", "not this Tuesday"."""
        if not (self.found.days or self.found.weekdays):
            return
        left = self.words.alternatives_of("left_over")
        months = alternatives(name for name in self.words.names("months") if len(name) > 4)
        order = self.words.alternatives_of("order")
        more = rf"\b(?:\d{{1,2}}|{self.words.counts})\s+(?:more\s+)?(?:days?|dias?|hours?|horas?)\b"
        beside = r"·\s*(?:right\s+)?(?:after|before|despues\s+del?|antes\s+del?)\s+\pL"
        if compiled(
            rf"\b(?:{left}|{months})\b|\b(?:{order})\s*·|\b(?:or|o|u)\s+\d|{beside}|{more}"
        ).search(self.said):
            self.found.is_vague = True

    def shifted(self, match: regex.Match[str], *, back: bool) -> None:
        words = {
            "half": 30,
            "media": 30,
            "quarter": 15,
            "a quarter": 15,
            "cuarto": 15,
            "cuarenta": 40,
        }
        said = regex.sub(r"\s+", " ", match["word"])
        minutes = words.get(said) or self.count(said)
        hour = self.count(match["h"])
        if back:
            hour, minutes = (hour - 1 or 12), 60 - minutes
        self.time(str(hour), str(minutes), match["half"] or match["letter"])

    def time(self, hour: str, minute: str | None, half: str | None) -> None:
        number, minutes = self.count(hour), int(minute or 0)
        if number <= 23 and minutes <= 59:
            said: Half = (
                "am" if (half or "")[:1] == "a" else "pm" if (half or "")[:1] == "p" else ""
            )
            self.found.times.append(TimeOfDay(number, minutes, said))

    def count(self, said: str) -> int:
        return int(said) if said.isdecimal() else self.words.number("numbers", said)


def _year(said: str) -> int:
    return int(said) if len(said) == 4 else 2000 + int(said)
