"""The ways in which people come to the pages, and what somebody does at a browser of theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page, Response, expect

from service.messages.catalog import LANGUAGES
from service.messages.pages import load_pages
from tests.browser.conftest import DESK, PHONE, Visit
from tests.faults.parts import until

WORDS = load_pages()
SOON = 60_000  # ms: several processes and a browser on two cores


@dataclass(frozen=True)
class Way:
    """A screen, a language, a browser with scripts or without, by day or by night."""

    place: int  # so that each has numbers of its own
    width: int
    language: str
    has_scripts: bool
    scheme: str

    @property
    def other_language(self) -> str:
        """The one that they did not come with."""
        return next(each for each in LANGUAGES if each != self.language)

    def __str__(self) -> str:
        scripts = "scripts" if self.has_scripts else "plain"
        return f"{self.width}px-{self.language}-{scripts}-{self.scheme}"


# The fewest in which each two values meet once (test_ways.py).
WAYS = (
    Way(0, 390, "es", True, "light"),
    Way(1, 390, "en", False, "dark"),
    Way(2, 1280, "es", False, "dark"),
    Way(3, 1280, "en", False, "light"),
    Way(4, 1280, "en", True, "dark"),
)


@dataclass
class Walk:
    """Somebody at a browser of their own. `language`: the one that they read right now."""

    page: Page
    way: Way
    url: str
    language: str
    answers: list[Response] = field(default_factory=list)

    def say(self, key: str, **values: object) -> str:
        """Return the words of the pages as they read them."""
        return WORDS.say(key, self.language, **values)

    def hears(self, answer: Response) -> None:
        """Keep an answer of the server's."""
        self.answers.append(answer)

    def opens(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path if path.startswith("http") else self.url + path)

    def presses(self, key: str, **values: object) -> None:
        """Press the button with these words."""
        self.page.get_by_role("button", name=self.say(key, **values), exact=True).first.click()

    def follows(self, key: str, **values: object) -> None:
        """Follow the link with these words."""
        self.page.get_by_role("link", name=self.say(key, **values)).first.click()

    def reads(self, key: str, **values: object) -> None:
        """See these words on the page."""
        expect(self.page.get_by_text(self.say(key, **values)).first).to_be_visible()

    def is_told(self, key: str, **values: object) -> None:
        """See what the press just now came to."""
        expect(self.page.get_by_role("status")).to_contain_text(self.say(key, **values))

    def awaits(self, locator: Locator) -> None:
        """Wait for what happens elsewhere: the page shows it by itself, or by a reload without scripts."""
        if self.way.has_scripts:
            expect(locator.first).to_be_visible(timeout=SOON)
            return
        for _ in until(f"{locator} is there", seconds=SOON / 1000):
            if locator.count() and locator.first.is_visible():
                return
            self.page.reload()

    def is_wrong(self, *names: str) -> None:
        """See a summary above the form, and beside each of these fields what is wrong with it.

        The summary leads to the first of them.
        """
        summary = self.page.get_by_role("alert").first
        expect(summary).to_contain_text(self.say("form.look_again"))
        form_with_it = self.page.locator("form", has=self.page.locator(f"#{names[0]}"))
        above, form = summary.bounding_box(), form_with_it.bounding_box()
        assert above is not None
        assert form is not None
        assert above["y"] + above["height"] <= form["y"]
        for name in names:
            wanted = self.page.locator(f"#{name}")
            said = self.page.locator(f"#{name}-wrong").inner_text().strip()
            expect(wanted).to_have_attribute("aria-invalid", "true")
            assert said
            expect(summary).to_contain_text(said)
            assert f"{name}-wrong" in (wanted.get_attribute("aria-describedby") or "")
        summary.get_by_role("link").first.click()
        expect(self.page.locator(f"#{names[0]}")).to_be_focused()

    def kept_nothing(self) -> None:
        """Assert that the browser was told to keep no page that it was shown."""
        pages = [one for one in self.answers if one.request.resource_type == "document"]
        assert pages
        kept = [one.url for one in pages if one.headers.get("cache-control") != "no-store"]
        assert kept == []


def set_out(visit: Visit, way: Way, url: str) -> Walk:
    """Open a browser of somebody's own, nothing known in it."""
    options: dict[str, Any] = {
        "viewport": PHONE if way.width == PHONE["width"] else DESK,
        "locale": f"{way.language}-US", "java_script_enabled": way.has_scripts,
        "color_scheme": way.scheme,
    }  # fmt: skip
    page = visit(**options)
    page.set_default_timeout(SOON)
    walk = Walk(page, way, url, way.language)
    page.on("response", walk.hears)
    return walk
