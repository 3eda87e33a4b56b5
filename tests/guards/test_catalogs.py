"""The words keep their promises: both languages say the same, cheaply, kindly, and give nobody away."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.messages.catalog import LANGUAGES, load_catalog
from service.messages.rewording import CARRIER_WORDS, GIVES_AWAY, load_rules
from service.messages.segments import count_segments

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "service"
CATALOG = load_catalog()
EVERY_TEXT = [(key, language) for key in CATALOG.keys() for language in LANGUAGES]  # noqa: SIM118

# Texts that only answer what someone has just written: the network is known from the line above.
ANSWERS = {
    "ask_area", "area_saved", "area_unknown", "confirmed", "confirmed_lead", "party_confirmed",
    "list_item", "weekly_which", "weekly_taken", "weekly_waiting", "weekly_gone", "weekly_clash",
    "standby", "no_noted", "changed_to_no", "maybe_noted", "already_yes", "already_no",
    "closed_cancelled", "closed_past", "ask_which", "which_item", "remainder_to_person",
    "nothing_open", "here_noted", "here_noted_lead", "in_noted", "out_noted", "outcome_ask",
    "outcome_read_back", "action_counted", "test_prefix", "intake_when_unclear",
    "intake_which_day", "intake_day_or_month", "intake_weekday_differs", "intake_past",
    "intake_far", "intake_time", "intake_window", "intake_when_sure", "intake_whose", "intake_office",
    "intake_people", "intake_ride", "intake_pickup", "intake_speaks", "own_date", "promised_item",
    "ask_again",
    "joining_speaks", "joining_can", "joined", "joined_training", "events_list", "events_one",
    "hold_missed", "closed_all_clear", "action_again", "action_over",
    "drill_prefix", "rally_text_how", "rally_text_kept", "rally_text_wrong", "lock_how", "lock_wrong",
    "lock_wait",
    "outcome_ask_about", "outcome_noted", "outcome_noted_urgent", "outcome_next",
    "outcome_person", "companion_speaks", "way_noted",
    "approve_prefix", "approved", "code_unknown", "approve_changed", "undone",
    "undo_late", "relay_first", "relay_passed",
}  # fmt: skip
# Follow a yes of the same person, who knows what they said yes to; these need all their letters.
FOLLOW_A_YES = {
    "day_before", "day_before_lead", "meeting_place", "safety_ask_lead", "safety_no_word",
}  # fmt: skip
FIRST_TEXTS = ("welcome", "welcome_known", "confirm_signup", "invitation")
ALARMS = re.compile(
    r"^(safety_|distress_|report_|alert_|checkin_cancelled|rally_cancelled|outcome_)"
)

TU = re.compile(
    r"\b(tú|tu|tus|te|ti|contigo|puedes|vienes|quieres|tienes|vas|escríbenos|avísanos|ven)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize(("key", "language"), EVERY_TEXT)
def test_a_text_keeps_its_budget_and_its_cheap_alphabet(key: str, language: str) -> None:
    body = CATALOG.sample(key, language)
    counted = count_segments(body)
    assert counted.offending == (), body
    assert counted.parts <= CATALOG.template(key).parts, f"{counted.units} letters: {body}"


def test_both_files_tell_the_same_story_in_the_same_order() -> None:
    def headings(language: str) -> list[str]:
        source = (SERVICE / "messages" / f"{language}.toml").read_text("utf-8")
        return re.findall(r"^\[[\w.]+\]", source, re.MULTILINE)

    assert headings("en") == headings("es")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_placeholder_has_a_sample_and_every_sample_a_use(language: str) -> None:
    used = {name for template in CATALOG.templates.values() for name in template.placeholders}
    assert used == set(CATALOG.samples[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_small_words_are_cheap_too(language: str) -> None:
    for (group, name), words in CATALOG.words.items():
        if group != "join" and (group, name) != ("language", "en"):
            assert count_segments(words[language]).encoding == "GSM-7", words[language]
    for thing in CATALOG.counted:
        for number in (1, 2, 12):
            written = CATALOG.count(thing, number, language)
            assert count_segments(written).encoding == "GSM-7", written


@pytest.mark.parametrize(("key", "language"), EVERY_TEXT)
def test_a_word_that_the_carrier_acts_on_is_never_printed(key: str, language: str) -> None:
    assert not CARRIER_WORDS.search(CATALOG.template(key).says[language])


@pytest.mark.parametrize(("key", "language"), EVERY_TEXT)
def test_a_phone_on_a_table_tells_nothing(key: str, language: str) -> None:
    template = CATALOG.template(key)
    if template.to in {"family", "anyone"}:
        assert not GIVES_AWAY.search(template.says[language])


@pytest.mark.parametrize("key", CATALOG.keys())
def test_no_text_joins_a_name_a_place_and_a_purpose(key: str) -> None:
    needs = CATALOG.template(key).placeholders
    kinds = ({"name", "names", "lead"}, {"place", "old_place"}, {"purpose", "reason", "event"})
    assert not all(needs & kind for kind in kinds)


@pytest.mark.parametrize("key", CATALOG.keys())
def test_the_network_is_named_in_every_text_that_opens_a_conversation(key: str) -> None:
    if key in ANSWERS | FOLLOW_A_YES:
        return
    template = CATALOG.template(key)
    for language in LANGUAGES:
        assert template.says[language].startswith("{network}"), template.says[language]


@pytest.mark.parametrize("key", FIRST_TEXTS)
def test_the_first_text_says_what_it_must(key: str) -> None:
    for language, rates, ayuda in (("en", "Msg & data rates", "HELP"), ("es", "tarifas", "AYUDA")):
        says = CATALOG.template(key).says[language]
        assert all(part in says for part in ("{network}", "{count}", "STOP", rates, ayuda)), says


@pytest.mark.parametrize(("key", "language"), EVERY_TEXT)
def test_answers_are_asked_for_in_the_readers_language(key: str, language: str) -> None:
    says = CATALOG.template(key).says[language]
    assert not re.search(r"\bS o N\b" if language == "en" else r"\bY or N\b", says)
    assert bool(re.search(r"\bY or N\b", CATALOG.template(key).says["en"])) == bool(
        re.search(r"\bS o N\b", CATALOG.template(key).says["es"])
    )


@pytest.mark.parametrize("key", CATALOG.keys())
def test_spanish_says_usted(key: str) -> None:
    assert not TU.search(CATALOG.template(key).says["es"])


@pytest.mark.parametrize(("key", "language"), EVERY_TEXT)
def test_an_alarm_is_quiet(key: str, language: str) -> None:
    if ALARMS.match(key):
        assert not re.search("[!¡]", CATALOG.template(key).says[language])


@pytest.mark.parametrize("key", ["help", "unknown_sender", "opt_out", "distress_heard"])
def test_there_is_always_a_number_where_a_person_answers(key: str) -> None:
    assert "phone" in CATALOG.template(key).placeholders


def test_every_text_belongs_to_one_moment_and_what_it_keeps_is_in_it() -> None:
    rules = load_rules()
    grouped = [key for keys in rules.groups.values() for key in keys]
    assert sorted(grouped) == sorted(CATALOG.keys())
    assert rules.fixed.keys() <= CATALOG.templates.keys()
    for key, names in rules.needs.items():
        assert names <= CATALOG.template(key).placeholders & rules.optional, key
    for language in LANGUAGES:
        for key, words in rules.words[language].items():
            assert all(word in CATALOG.template(key).says[language] for word in words), key


# --- nothing written in vain, nothing left without words ------------------------------------------

# Texts that no room sends yet. This list only ever gets shorter.
NOT_SENT_YET = {
    "family_reminder_1d", "family_reminder_3h", "family_reminder_7d",
}  # fmt: skip


def _sources() -> Iterator[tuple[Path, ast.Module]]:
    for folder in (SERVICE, ROOT / "schedules"):
        for path in sorted(folder.rglob("*.py")):
            if "sandbox" not in path.parts:
                yield path, ast.parse(path.read_text("utf-8"), filename=str(path))


def test_every_text_is_sent_by_some_room() -> None:
    literals = {
        node.value
        for _, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    unused = set(CATALOG.keys()) - literals
    assert unused - NOT_SENT_YET == set(), "nobody sends these; delete them or use them"
    assert NOT_SENT_YET - set(CATALOG.keys()) == set(), "these no longer exist"


def _domain_errors() -> dict[str, ast.ClassDef]:
    """Return every class of ours that descends from DomainError, by name."""
    classes = [n for _, tree in _sources() for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
    found: dict[str, ast.ClassDef] = {}
    while True:
        known = found.keys() | {"DomainError"}
        more = {
            node.name: node
            for node in classes
            if any(isinstance(base, ast.Name) and base.id in known for base in node.bases)
        }
        more |= {node.name: node for node in classes if node.name == "DomainError"}
        if more.keys() == found.keys():
            return found
        found = more


def _raised(errors: dict[str, ast.ClassDef]) -> Iterator[tuple[str, set[str], str]]:
    """Yield (code, names of its values, where) for each code that the source spells out."""
    for path, tree in _sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            own_init = called in errors and any(
                isinstance(part, ast.FunctionDef) and part.name == "__init__"
                for part in errors[called].body
            )
            if called not in errors or (own_init and called not in {"DomainError", "InvalidValue"}):
                continue
            position = 1 if _is_value_error(called, errors) else 0
            code = node.args[position] if len(node.args) > position else None
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                names = {word.arg for word in node.keywords if word.arg}
                yield code.value, names, f"{path.relative_to(ROOT)}:{node.lineno}"


def _is_value_error(name: str, errors: dict[str, ast.ClassDef]) -> bool:
    if name == "InvalidValue":
        return True
    bases = [base.id for base in errors[name].bases if isinstance(base, ast.Name)]
    return any(_is_value_error(base, errors) for base in bases if base in errors)


def _class_codes(errors: dict[str, ast.ClassDef]) -> Iterator[tuple[str, str]]:
    for name, node in errors.items():
        for part in node.body:
            if (
                isinstance(part, ast.Assign)
                and isinstance(part.targets[0], ast.Name)
                and part.targets[0].id == "code"
                and isinstance(part.value, ast.Constant)
            ):
                yield str(part.value.value), name


def test_every_error_has_words_in_both_languages() -> None:
    errors = _domain_errors()
    codes = dict(_class_codes(errors)) | {code: where for code, _, where in _raised(errors)}
    speechless = {code: where for code, where in codes.items() if code not in CATALOG.errors}
    assert speechless == {}, "add these under [error] in en.toml and es.toml"


def test_every_error_brings_the_values_that_its_words_need() -> None:
    for code, names, where in _raised(_domain_errors()):
        for language in LANGUAGES:
            says = CATALOG.errors.get(code, {}).get(language, "")
            assert set(re.findall(r"{(\w+)}", says)) <= names, f"{where}: {says}"


def test_error_words_are_plain_text() -> None:
    for language in LANGUAGES:
        source = (SERVICE / "messages" / f"{language}.toml").read_text("utf-8")
        for code, says in tomllib.loads(source)["error"].items():
            assert re.fullmatch(r"[a-z][a-z_]*", code)
            assert says.strip() == says
            assert not re.search(r"[<>]", says), "write sentences, not markup"
