"""Finding the words."""

import pytest

from service.messages.catalog import Catalog, CatalogError, build_catalog, load_catalog

EN = """
[sample]
place = "90 Main St"
[text.hello]
to = "anyone"
says = "Hello {name}, see you at {place}."
[counted.party]
one = "{count} person"
many = "{count} people"
[word.join]
comma = ", "
and = " and "
[error]
invalid = "We couldn't use that."
too_many = "At most {limit}."
"""


@pytest.fixture
def words() -> Catalog:
    return build_catalog({"en": EN, "es": EN.replace("Hello", "Hola")})


def test_fills_a_text_in_the_readers_language(words: Catalog) -> None:
    assert words.text("hello", "es", name="Alma", place="Sol") == "Hola Alma, see you at Sol."


def test_values_are_never_read_as_placeholders(words: Catalog) -> None:
    assert (
        words.text("hello", "en", name="{place}", place="{x}") == "Hello {place}, see you at {x}."
    )


@pytest.mark.parametrize(
    ("key", "language", "values", "said"),
    [
        ("hullo", "en", {}, r"no text 'hullo'"),
        ("hello", "fr", {"name": "Alma", "place": "Sol"}, "no language 'fr'"),
        ("hello", "en", {"name": "Alma"}, r"needs a value for \['place'\]"),
        ("hello", "en", {"name": "Alma", "place": "Sol", "day": "x"}, r"no place for \['day'\]"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(
    words: Catalog, key: str, language: str, values: dict[str, str], said: str
) -> None:
    with pytest.raises(CatalogError, match=said):
        words.text(key, language, **values)


def test_speaking_as_fills_what_every_text_shares(words: Catalog) -> None:
    ours = words.speaking_as(place="90 Main St", phone="413-555-0142")
    assert ours.text("hello", "en", name="Beto") == "Hello Beto, see you at 90 Main St."
    assert ours.text("hello", "en", name="Beto", place="Sol") == "Hello Beto, see you at Sol."


@pytest.mark.parametrize(
    "spanish",
    [
        EN.replace("{name}", "{nombre}"),
        EN.replace("[text.hello]", "[text.hola]"),
        EN.replace('"anyone"', '"family"'),
        EN.replace("says =", "parts = 2\nsays ="),
        EN.replace("too_many", "muchos"),
    ],
)
def test_languages_that_differ_are_refused(spanish: str) -> None:
    with pytest.raises(CatalogError):
        build_catalog({"en": EN, "es": spanish})


@pytest.mark.parametrize("written", ["{0}", "{a.b}", "{a[0]}", "{a!r}", "{a:>5}", "{}"])
def test_only_plain_placeholders_are_accepted(written: str) -> None:
    odd = EN.replace("{name}", written)
    with pytest.raises(CatalogError):
        build_catalog({"en": odd, "es": odd})


def test_errors_take_the_values_they_need(words: Catalog) -> None:
    assert words.error("too_many", "en", limit=3, given=9) == "At most 3."
    assert words.error("never_heard_of", "en") == "We couldn't use that."


def test_counts_and_lists_in_both_languages() -> None:
    words = load_catalog()
    seats = {"driver": 1, "lead": 0, "accompanier": 2}
    assert words.missing(seats, "en") == "1 driver, 2 companions"
    assert words.missing(seats, "es") == "1 chofer y 2 acompañantes"
    assert words.count("party", 1, "es") == "1 persona"
    assert words.count("hours", 4, "es") == "unas 4 horas"
    assert words.count("hours", 1, "en") == "about an hour"
    assert words.join(["Rosa", "Ana", "Tom"], "en") == "Rosa, Ana and Tom"
    assert words.join(["1", "2", "3"], "es", last="or") == "1, 2 o 3"
    assert words.join([], "en") == ""
    assert words.word("part_of_day", "morning", "es") == "en la mañana"


def test_the_catalog_is_read_once_and_cannot_be_changed() -> None:
    words = load_catalog()
    assert load_catalog() is words
    with pytest.raises(TypeError):
        words.templates["new"] = words.template("help")  # type: ignore[index]


def test_an_ask_reads_as_a_neighbor_would_say_it() -> None:
    words = load_catalog().speaking_as(network="Acompaña")
    values = {"area": "Hartford", "day": "Tue Mar 10", "part_of_day": "in the morning"}
    assert words.text("ask_checkin", "en", missing="1 driver, 2 companions", **values) == (
        "Acompaña: can you go with a neighbor to an appointment Tue Mar 10 in the morning, "
        "Hartford? Still needed: 1 driver, 2 companions. Reply Y or N."
    )
