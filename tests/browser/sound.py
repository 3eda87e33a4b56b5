"""What every page must be: open to everybody, no wider than its screen, silent in the console."""

from __future__ import annotations

import json
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, Page

# Our styles are one file from here, and no page has a frame in it.
ALL_RULES: dict[str, Any] = {"resultTypes": ["violations"], "preload": False, "iframes": False}
COLOURS = ALL_RULES | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# What depends on where things come to stand.
LAYOUT = ALL_RULES | {
    "runOnly": {"type": "rule", "values": ["color-contrast", "scrollable-region-focusable"]}
}
# Which rule, and where: the rest of axe's answer is long.
BROKEN = """axe.run({}).then((found) =>
    found.violations.flatMap((each) => each.nodes.map((node) => `${{each.id}} at ${{node.target}}`)))"""

THUMB = 44  # px
SMALL = f"""() => [...document.querySelectorAll('button, summary, select, input, nav a, .button, .me a')]
    .filter((each) => each.type !== 'hidden' && each.offsetParent && !each.closest('.tick, .sr'))
    .filter((each) => each.getBoundingClientRect().height < {THUMB})
    .map((each) => each.outerHTML.slice(0, 80))"""

# A phone number that goes on in the next line is read, and typed, as two; a text is shown as it is sent.
PARTED = r"""() => {
    const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        if (texts.currentNode.parentElement.closest('.bubble')) continue;
        for (const number of texts.currentNode.data.matchAll(/\+?\d[\d-]*\d{3}-\d{4}/g)) {
            const range = document.createRange();
            range.setStart(texts.currentNode, number.index);
            range.setEnd(texts.currentNode, number.index + number[0].length);
            const lines = new Set([...range.getClientRects()].map((each) => each.top));
            if (lines.size > 1) found.push(number[0]);
        }
    }
    return found;
}"""


def axe(page: Page, rules: dict[str, Any] = ALL_RULES) -> list[str]:
    """Return what axe finds broken, and where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(BROKEN.format(json.dumps(rules)))
    return found


def fits(page: Page) -> bool:
    """Return whether nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def small_targets(page: Page) -> list[str]:
    """Return what is to be pressed and too small for a thumb; links in a sentence are as high as it."""
    found: list[str] = page.evaluate(SMALL)
    return found


def parted_numbers(page: Page) -> list[str]:
    """Return the phone numbers that a line's end takes apart."""
    found: list[str] = page.evaluate(PARTED)
    return found


def is_sound(page: Page, name: str = "") -> None:
    """Assert that everybody can use a page and nothing sticks out, in the light and in the dark."""
    shown = name or page.url
    page.emulate_media(color_scheme="dark")
    assert axe(page, COLOURS) == [], f"{shown}, in the dark"
    page.emulate_media(color_scheme="light")
    assert axe(page) == [], shown
    assert fits(page), f"{shown} sticks out"


def hear(context: BrowserContext) -> list[str]:
    """Return the list in which everything goes that any page of a browser complains about from now on.

    Script errors, and what the console calls one: a policy that was broken, a file that is not there.
    An answer of 4xx is told there too; pages give some by design.
    """
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if said.type == "error" and "status of 4" not in said.text
            else None
        ),
    )
    return complaints
