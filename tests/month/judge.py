"""What a month came to, from the carrier's ledger; our own books only say what a text was about."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from service.checkins.safety.tables import Reporter, SafetyCheck, SafetyStep
from service.checkins.tables import CheckIn, CheckInState
from service.outbox.tables import Delivery
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.rallies.tables import Rally
from service.rsvps.tables import COMING, Rsvp
from tests.month.network import PLACES, ZONE_INFO
from tests.month.people import WAYS, Kind, kind_of
from tests.month.run import ALARMED, Lived

JUST_ANSWERED = timedelta(minutes=45)
ON_TIME = timedelta(minutes=65)  # a step at night, and its own length
BEFORE = {
    "7d": timedelta(days=7), "1d": timedelta(days=1), "3h": timedelta(hours=3),
    "day_before": timedelta(days=1), "nudge": timedelta(hours=2),
}  # fmt: skip
LAST_USE = {
    "7d": timedelta(days=6), "1d": timedelta(hours=4), "3h": timedelta(minutes=30),
    "day_before": timedelta(hours=3), "nudge": timedelta(minutes=15),
}  # fmt: skip
CONFIRMS = ("opt_out", "opt_out_all")
CONFIRMED_WITHIN = timedelta(minutes=2)
MUST_BE_NONE = (
    "outside_hours", "after_opt_out", "reminders_late", "reminders_double", "reminders_missing",
    "places_to_unvetted", "asked_twice", "ladders_lost",
)  # fmt: skip

FOLLOWS = ("outcome", "ride")
AT_ANY_HOUR = ("safety_", "shift_", "alert_")
CLIMBED = ("warned", "called", "alarmed", "nobody")
OURS_SAID = ("said_out_and_ok", "said_out", "said_waiting", "said_in", "said_help", "took")


def _is_one_of_us(step: SafetyStep) -> bool:
    is_ours = step.role not in (Reporter.FAMILY, Reporter.EMERGENCY_CONTACT)
    return step.did in OURS_SAID and is_ours


@dataclass
class Found:
    """The figures of one month. Hours from approval to the last place taken: `hours_to_staff`."""

    seed: int
    checkins: int = 0
    staffed: int = 0
    places: int = 0
    places_taken: int = 0
    hours_to_staff: float = 0.0
    texts: int = 0
    asking_texts: int = 0
    lists: int = 0
    wave_texts: int = 0
    thanks: int = 0
    texts_per_place: float = 0.0
    asked_most: int = 0
    asked_median: float = 0.0
    alarms: int = 0
    outside_hours: int = 0
    after_opt_out: int = 0
    reminders: int = 0
    reminders_late: int = 0
    reminders_double: int = 0
    reminders_missing: int = 0
    places_to_unvetted: int = 0
    asked_twice: int = 0
    safety_asked: int = 0
    went_silent: int = 0
    minutes_to_a_human: float = 0.0
    minutes_to_a_human_most: float = 0.0
    ladders_lost: int = 0
    problems: list[str] = field(default_factory=list)

    def blame(self, what: str, why: str) -> None:
        """Count what must not be, and keep the first few for a person."""
        setattr(self, what, getattr(self, what) + 1)
        if len(self.problems) < 8:
            self.problems.append(f"{what}: {why}")

    @property
    def is_clean(self) -> bool:
        """Whether nothing happened that must never happen."""
        return not any(getattr(self, name) for name in MUST_BE_NONE)

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        return asdict(self)


def judge(lived: Lived) -> Found:
    """Return the figures of a month."""
    return _Judge(lived).judge()


class _Judge:
    def __init__(self, lived: Lived) -> None:
        self._lived = lived
        self._found = Found(lived.month.seed)
        wiring = lived.stage.wiring
        reader = Reader(wiring.keyring, SYSTEM)
        with wiring.database.read() as session:
            self._checkins = {one.subject: one for one in session.exec(select(CheckIn)).all()}
            self._starts = {key: one.starts_at for key, one in self._checkins.items()}
            for checkin in self._checkins.values():  # what follows from it is about it, too
                self._starts |= {checkin.about(what): checkin.starts_at for what in FOLLOWS}
            self._starts |= {one.subject: one.starts_at for one in session.exec(select(Rally))}
            self._by_sid = {one.sid: one for one in session.exec(select(Delivery)) if one.sid}
            self._promoted = {
                (one.person_id, one.subject): one.created_at
                for one in self._by_sid.values()
                if one.template.startswith("promoted")
            }
            self._rsvps = session.exec(select(Rsvp)).all()
            people = session.exec(select(Person).order_by(col(Person.id))).all()
            self._phones = {one.id: reader.show(one.sealed_phone()) for one in people}
        self._vetted = {one.phone for one in lived.month.volunteers if one.vetting >= 2}
        self._heard: dict[str, list[datetime]] = defaultdict(list)
        for answer in lived.heard:
            self._heard[answer.phone].append(answer.at)

    def judge(self) -> Found:
        self._staffing()
        self._asking()
        self._hours()
        self._opt_outs()
        self._reminders()
        self._places()
        self._ladders()
        return self._found

    def _staffing(self) -> None:
        found, lived = self._found, self._lived
        hours = []
        for subject, (taken, capacity) in lived.full_at_start.items():
            checkin = self._checkins[subject]
            is_over = checkin.starts_at < lived.month.ends_at
            if checkin.state is CheckInState.CANCELLED or not is_over:
                continue
            found.checkins += 1
            found.places += capacity
            found.places_taken += taken
            if subject in lived.staffed:
                found.staffed += 1
                passed = lived.staffed[subject] - lived.approved[subject]
                hours.append(passed / timedelta(hours=1))
        found.hours_to_staff = round(median(hours), 1) if hours else 0.0

    def _asking(self) -> None:
        found = self._found
        found.texts = len(self._lived.sent)
        asked: Counter[str] = Counter()
        waves: Counter[tuple[str, str]] = Counter()
        for entry in self._lived.sent:
            kind = kind_of(entry["body"])
            if kind in (Kind.WAVE, Kind.LIST):
                asked[entry["to"]] += 1
            if kind is Kind.WAVE and (delivery := self._by_sid.get(entry["sid"])) is not None:
                waves[entry["to"], delivery.subject] += 1
            found.lists += kind is Kind.LIST
            found.wave_texts += kind is Kind.WAVE
            found.thanks += kind is Kind.THANKS
            found.asking_texts += kind in (Kind.WAVE, Kind.LIST, Kind.THANKS)
            found.alarms += entry["to"] == ALARMED
        for (phone, subject), times in waves.items():
            if times > 1:
                found.blame("asked_twice", f"{phone} about {subject}")
        found.texts_per_place = round(found.asking_texts / max(1, found.places_taken), 2)
        counts = [asked[phone] for phone in self._vetted]
        found.asked_most, found.asked_median = max(counts, default=0), median(counts or [0])

    def _ladders(self) -> None:
        """Of whom nobody had a word until the ladder was climbed, and when one of us then knew.

        A human knows who says that they spoke with them, or who takes it by pressing 1.
        """
        minutes = []
        with self._lived.stage.wiring.database.read() as session:
            checks = session.exec(select(SafetyCheck)).all()
            steps = session.exec(select(SafetyStep).order_by(col(SafetyStep.at))).all()
        for check in checks:
            theirs = [step for step in steps if step.safety_id == check.id]
            asked = next((step.at for step in theirs if step.did == "asked"), None)
            if asked is None:
                continue
            self._found.safety_asked += 1
            climbed = next((step.at for step in theirs if step.did in CLIMBED), None)
            if climbed is None:
                continue
            self._found.went_silent += 1
            known = next(
                (step.at for step in theirs if step.at >= climbed and _is_one_of_us(step)), None
            )
            if known is not None:
                minutes.append((known - asked) / timedelta(minutes=1))
            elif self._lived.month.ends_at - climbed > timedelta(hours=3):
                self._found.blame("ladders_lost", f"silent since {asked}, and nobody knows")
        self._found.minutes_to_a_human = round(median(minutes), 1) if minutes else 0.0
        self._found.minutes_to_a_human_most = round(max(minutes, default=0.0), 1)

    def _hours(self) -> None:
        """9 to 20; from 5:30 to 22 about an event within a day, and whenever they have just texted.

        How somebody is who may be in danger is asked at any hour, and whoever is on call chose theirs.
        """
        for entry in self._lived.sent:
            at = datetime.fromisoformat(entry["at"])
            local = at.astimezone(ZONE_INFO)
            minute = local.hour * 60 + local.minute
            if 9 * 60 <= minute < 20 * 60 or self._has_just_texted(entry["to"], at):
                continue
            delivery = self._by_sid.get(entry["sid"])
            if delivery is not None and delivery.template.startswith(AT_ANY_HOUR):
                continue
            starts_at = self._starts.get(delivery.subject) if delivery is not None else None
            is_near = starts_at is not None and starts_at - at <= timedelta(hours=38)
            # A run sheet's link is for tomorrow or today, and is gone when the month is judged.
            is_near |= delivery is not None and delivery.template == "lead_sheet"
            if not (is_near and 5 * 60 + 30 <= minute <= 22 * 60 + 1):
                template = delivery.template if delivery is not None else "?"
                self._found.blame("outside_hours", f"{template} at {local:%a %H:%M}")

    def _has_just_texted(self, phone: str, at: datetime) -> bool:
        times = self._heard[phone]
        place = bisect.bisect_right(times, at + timedelta(minutes=1))
        return place > 0 and at - times[place - 1] <= JUST_ANSWERED

    def _opt_outs(self) -> None:
        """After an opt-out at most its one confirmation, at once; what a busy minute holds goes before it."""
        left: dict[str, datetime] = {}
        for answer in self._lived.heard:
            if answer.body in WAYS["stop"]:
                left.setdefault(answer.phone, answer.at)
        confirmed: Counter[str] = Counter()
        for entry in self._lived.sent:
            phone, at = entry["to"], datetime.fromisoformat(entry["at"])
            if phone not in left or at <= left[phone]:
                continue
            delivery = self._by_sid.get(entry["sid"])
            template = "?" if delivery is None else delivery.template
            is_it = template in CONFIRMS and at <= left[phone] + CONFIRMED_WITHIN
            confirmed[phone] += is_it
            is_late = at > left[phone] + timedelta(seconds=30)
            if confirmed[phone] > 1 or (is_late and not is_it):
                why = f"{template} to {phone}, who left {left[phone]}, at {entry['at']}"
                self._found.blame("after_opt_out", why)

    def _reminders(self) -> None:
        sent: dict[str, list[datetime]] = defaultdict(list)
        for entry in self._lived.sent:
            delivery = self._by_sid.get(entry["sid"])
            if delivery is not None and delivery.once_key.startswith("remind:"):
                sent[delivery.once_key].append(datetime.fromisoformat(entry["at"]))
        came = {(rsvp.subject, rsvp.person_id): rsvp for rsvp in self._rsvps}
        for key, times in sent.items():
            _, hex_id, name, person = key.split(":")[:4]
            self._found.reminders += 1
            if len(times) > 1:
                self._found.blame("reminders_double", key)
            subject = f"checkin:{hex_id}"
            if subject not in self._checkins:
                continue
            due = self._due(subject, name)
            rsvp = came.get((subject, UUID(person)))
            known = rsvp.answered_at if rsvp else self._lived.approved[subject]
            known = max(known, self._promoted.get((UUID(person), subject), known))
            if not due - timedelta(minutes=1) <= times[0] <= max(due, known) + ON_TIME:
                self._found.blame("reminders_late", f"{name} due {due}, went {times[0]}")
        self._missing(sent)

    def _due(self, subject: str, name: str) -> datetime:
        """So long before, and if that is at night at 19:30 the evening before."""
        starts_at = self._starts[subject]
        due = (starts_at - BEFORE[name]).astimezone(ZONE_INFO)
        if name == "7d" and due.hour < 9:  # not about tomorrow: quiet hours hold
            due = due.replace(hour=9, minute=0)
        if (due.hour, due.minute) < (5, 30) or (due.hour, due.minute) > (22, 0):
            evening = due if due.hour >= 22 else due - timedelta(days=1)
            due = evening.replace(hour=19, minute=30)
        return due.astimezone(starts_at.tzinfo)

    def _missing(self, sent: dict[str, list[datetime]]) -> None:
        """Everybody who comes has heard the place, and every family each reminder that was in time."""
        gone = {answer.phone for answer in self._lived.heard if answer.body in WAYS["stop"]}
        for subject, checkin in self._checkins.items():
            is_over = checkin.starts_at < self._lived.month.ends_at
            if checkin.state is CheckInState.CANCELLED or not is_over:
                continue
            hex_id, approved = checkin.id.hex, self._lived.approved[subject]
            for name in ("7d", "1d", "3h"):
                if self._due(subject, name) > approved:
                    self._expect(sent, f"remind:{hex_id}:{name}:{checkin.family_id.hex}")
            for rsvp in self._rsvps:
                is_theirs = rsvp.subject == subject and rsvp.state in COMING
                in_time = rsvp.answered_at < checkin.starts_at - LAST_USE["day_before"]
                if is_theirs and in_time and self._phones[rsvp.person_id] not in gone:
                    self._expect(sent, f"remind:{hex_id}:day_before:{rsvp.person_id.hex}")

    def _expect(self, sent: dict[str, list[datetime]], key: str) -> None:
        if key not in sent:
            self._found.blame("reminders_missing", f"{key}: {self._became(key)}")

    def _became(self, key: str) -> str:
        """Tell what our books know of a text that the carrier never saw, and of whom it was for."""
        _, hex_id, _, person_id = key.split(":")[:4]
        checkin = self._checkins[f"checkin:{hex_id}"]
        with self._lived.stage.wiring.database.read() as session:
            who = session.get(Person, UUID(person_id))
            query = select(Delivery).where(Delivery.person_id == UUID(person_id))
            texts = session.exec(query).all()
        became = [
            f"{one.state} {one.reason} {one.not_before}" for one in texts if one.once_key == key
        ]
        others = dict(Counter(f"{one.template} {one.state} {one.reason}" for one in texts))
        return (
            f"{became or 'never written'}; starts {checkin.starts_at}, moves {checkin.moves},"
            f" approved {self._lived.approved[checkin.subject]};"
            f" {who and (who.consent, who.is_unreachable, who.created_at)}; all theirs: {others}"
        )

    def _places(self) -> None:
        """Where people meet is told to the vetted who said yes, and at most a day and a night before."""
        yes = {
            (self._phones[rsvp.person_id], rsvp.subject)
            for rsvp in self._rsvps
            if rsvp.state in COMING or rsvp.seat_id is None  # or took it back later
        }
        for entry in self._lived.sent:
            if not any(place in entry["body"] for place in PLACES):
                continue
            delivery = self._by_sid.get(entry["sid"])
            subject = delivery.subject if delivery is not None else ""
            at = datetime.fromisoformat(entry["at"])
            is_early = self._starts.get(subject, at) - at > timedelta(hours=38)
            if entry["to"] not in self._vetted or (entry["to"], subject) not in yes or is_early:
                self._found.blame("places_to_unvetted", f"{entry['to']} about {subject}")
