"""Every error has a status, and words in both languages that need no value it does not bring."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import service
from service.errors import AcompanaError, InvalidForm, InvalidValue, Misuse
from service.messages.catalog import LANGUAGES, load_catalog
from service.web.errors import STATUS, code_of, status_of

CATALOG = load_catalog()
ELSEWHERE = ("service.sandbox", "service.cli", "service.__main__")  # no edge of the web


def _every_error() -> Iterator[type[AcompanaError]]:
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if not module.name.startswith(ELSEWHERE):
            importlib.import_module(module.name)
    waiting: list[type[AcompanaError]] = [AcompanaError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind.__module__.startswith("service.") and not kind.__module__.startswith(ELSEWHERE):
            yield kind


ERRORS = sorted(set(_every_error()), key=lambda kind: kind.__qualname__)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__qualname__)
def test_every_error_has_a_status(kind: type[AcompanaError]) -> None:
    error = kind.__new__(kind)
    if issubclass(kind, Misuse) or kind.__name__ in ("AcompanaError", "DomainError"):
        assert status_of(error) == 500
    else:
        assert status_of(error) in set(STATUS.values())


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__qualname__)
def test_every_error_has_words_of_its_own(kind: type[AcompanaError]) -> None:
    code = code_of(kind.__new__(kind))
    for language in LANGUAGES:
        assert CATALOG.errors[code][language]


def test_a_status_tells_one_kind_of_trouble() -> None:
    shared = {InvalidForm, InvalidValue}
    others = [status for kind, status in STATUS.items() if kind not in shared]
    assert len(others) == len(set(others))


def test_nothing_but_errors_of_ours_is_mapped() -> None:
    assert set(STATUS) <= set(ERRORS)
