"""The house keeps its own rules: tables, routes, files and logs are where and what they say."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, routing
from fastapi.testclient import TestClient
from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapper
from sqlmodel import SQLModel, col, select
from structlog.testing import capture_logs

import service.wiring
from schedules.jobs import run_all
from service.app import create_app
from service.db import Database, new_id
from service.messages.catalog import Catalog
from service.outbox.tables import Delivery
from service.privacy.keyring import Keyring
from service.replies.receive import Reception, act_on, take_in
from service.settings import Settings
from service.sms.inbound import InboundText
from service.sms.signature import Signatures
from service.web.api.auth import authenticate
from service.web.console import sign_in
from service.web.console.who import signed_in_organizer
from service.web.origin import SAFE
from service.web.webhooks.signed import signed_form
from service.wiring import Wiring
from tests.factories import StillClock, make_chapter, make_sender

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "service"
MODULES = sorted([*SERVICE.rglob("*.py"), *(ROOT / "schedules").rglob("*.py")])

# --- tables ---------------------------------------------------------------------------------------

MAPPERS: list[Mapper[Any]] = sorted(
    SQLModel._sa_registry.mappers, key=lambda mapper: mapper.class_.__name__
)
each_table = pytest.mark.parametrize("mapper", MAPPERS, ids=lambda m: str(m.local_table))
# Two tables that belong to a file with a name of its own.
NOT_IN_TABLES_PY = {"service.privacy.audit"}
# Columns that nobody may ever add: see "Never stored" in docs/architecture.md.
NEVER_STORED = re.compile(
    r"a_number|alien|nationality|citizenship|immigration|status|entry|birth|surname|last_name|ssn"
    r"|home|employer|school|crim|medical|health|photo|picture|media|latitude|longitude|lat|lng|ip"
)


@each_table
def test_a_table_has_a_primary_key_and_lives_in_its_room(mapper: Mapper[Any]) -> None:
    module = mapper.class_.__module__
    assert mapper.primary_key
    assert module.startswith("service.")
    assert module.endswith(".tables") or module in NOT_IN_TABLES_PY


@each_table
def test_no_relationship_crosses_rooms(mapper: Mapper[Any]) -> None:
    assert list(mapper.relationships) == []


@each_table
def test_nothing_has_a_column_for_what_is_never_stored(mapper: Mapper[Any]) -> None:
    named = [column.name for column in mapper.columns]
    assert [name for name in named if NEVER_STORED.fullmatch(name)] == []


@each_table
def test_what_is_sealed_is_bytes(mapper: Mapper[Any]) -> None:
    for column in mapper.columns:
        if column.name.endswith(("_sealed", "_key", "_hash")) and column.name not in PLAIN:
            assert isinstance(column.type, LargeBinary), column.name


PLAIN = {"once_key", "previous_hash"}  # a reason and a link of the audit: nothing personal


def test_every_room_with_tables_is_known_to_the_migrations() -> None:
    imported = Path(service.wiring.__file__).read_text("utf-8")
    for path in SERVICE.glob("*/tables.py"):
        if path.parent.name != "db":
            assert f"import service.{path.parent.name}.tables" in imported


# --- routes ---------------------------------------------------------------------------------------


@pytest.fixture
def wiring(database: Database, keyring: Keyring, catalog: Catalog, clock: StillClock) -> Wiring:
    """The parts of one process; its carrier's token is made up."""
    signatures = Signatures(
        public_url="http://localhost:8000", account_sid="AC" + "0" * 32, auth_tokens=["made-up"]
    )
    return Wiring(Settings(), database, keyring, clock, catalog, signatures)


@pytest.fixture
def client(wiring: Wiring) -> Iterator[TestClient]:
    """Somebody whom nobody knows."""
    with TestClient(create_app(wiring), follow_redirects=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """The whole web, without data: to look at, not to call."""
    signatures = Signatures(public_url="", account_sid="", auth_tokens=[])
    parts: Any = None
    database = Database("sqlite://")
    return create_app(Wiring(Settings(), database, parts, StillClock(NEVER), parts, signatures))


NEVER: Any = None


class Route:
    """One route: how it is called, whose it is, and all that must pass before it runs."""

    def __init__(self, found: Any) -> None:
        self.path: str = found.path
        self.methods: set[str] = found.methods
        self.endpoint: Callable[..., Any] = found.endpoint
        self.needs: set[Any] = set()
        self._collect(found.dependant)

    def _collect(self, dependant: Any) -> None:
        self.needs.add(dependant.call)
        for below in dependant.dependencies:
            self._collect(below)

    @property
    def audience(self) -> str:
        """Which of the four it is for: console, public, api or webhooks."""
        return self.endpoint.__module__.removeprefix("service.web.").partition(".")[0]

    @property
    def is_unsafe(self) -> bool:
        """Whether it may change something."""
        return bool(self.methods - set(SAFE))

    @property
    def address(self) -> str:
        """An address that leads to it."""
        return re.sub(r"{\w+}", str(new_id()), self.path)

    def __repr__(self) -> str:
        return f"{sorted(self.methods)} {self.path}"


def routes(app: FastAPI, *audiences: str) -> list[Route]:
    """Return the routes of these audiences, all if none is named."""
    found = [
        Route(one)
        for one in routing.iter_route_contexts(app.routes)
        if getattr(one, "dependant", None) is not None
    ]
    return [route for route in found if not audiences or route.audience in audiences]


def test_every_route_has_one_of_the_four_audiences(app: FastAPI) -> None:
    audiences = {route.audience for route in routes(app)}
    assert audiences == {"console", "public", "api", "webhooks"}
    assert len(routes(app)) > 60, "the way to find routes no longer works"


def test_a_form_from_elsewhere_is_refused(app: FastAPI, client: TestClient) -> None:
    for route in routes(app, "console", "public"):
        if route.is_unsafe:
            for headers in ({}, {"Origin": "https://elsewhere.example"}):
                answer = client.post(route.address, data={"a": "b"}, headers=headers)
                assert answer.status_code == 403, route


def test_every_page_of_the_console_asks_who_is_there(app: FastAPI, client: TestClient) -> None:
    at_the_door = {route.endpoint for route in sign_in.door.routes}  # type: ignore[attr-defined]
    for route in routes(app, "console"):
        if route.endpoint in at_the_door:
            continue
        assert signed_in_organizer in route.needs, route
        if "GET" in route.methods:
            assert client.get(route.address).status_code == 401, route


def test_the_api_asks_for_a_token(app: FastAPI, client: TestClient) -> None:
    for route in routes(app, "api"):
        if route.endpoint.__module__ == "service.web.api.docs":  # the API's own description
            assert not route.is_unsafe
            continue
        assert authenticate in route.needs, route
        for method in route.methods:
            assert client.request(method, route.address).status_code == 401, route


def test_a_webhook_takes_only_what_the_carrier_signed(app: FastAPI, client: TestClient) -> None:
    hooks = routes(app, "webhooks")
    assert len(hooks) >= 2
    for route in hooks:
        assert signed_form in route.needs, route
        assert route.methods == {"POST"}, route
        form = {"MessageSid": "SM1", "AccountSid": "AC" + "0" * 32}
        assert client.post(route.address, data=form).status_code == 403, route
        forged = {"X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
        assert client.post(route.address, data=form, headers=forged).status_code == 403, route
        assert client.post(route.address, json=form).status_code == 415, route
        assert client.get(route.address).status_code == 405, route


# --- files ----------------------------------------------------------------------------------------

LONGEST_MODULE = 350
# One story, told from top to bottom, is easier to follow in one file.
LONGER: dict[str, int] = {}

# Written apart, so that this file does not hold what it looks for.
MACHINES = re.compile(r"(?<![\w.:/-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/[a-z]\w*)/")
REGISTRIES = re.compile(
    r"pythonho" + r"sted\.org|pypi" + r"\.org|registry\.np" + r"mjs|/sim" + r"ple/?\b|--extra-ind"
    r"ex|--find-l" + r"inks"
)  # fmt: skip


def files() -> list[Path]:
    """Return what git holds or would hold; without git, what a checkout has."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode == 0:
        found = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    else:
        folders = ("service", "schedules", "alembic", "tests", "docs", ".ci")
        found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
        found += list(ROOT.glob("*"))
    built = ("node_modules", "dist", "__pycache__")
    return [path for path in found if path.is_file() and not set(built) & set(path.parts)]


def test_no_file_names_a_machine_or_a_registry() -> None:
    telling = []
    for path in files():
        content = path.read_bytes().decode("utf-8", "ignore")
        for pattern in (MACHINES, REGISTRIES):
            telling += [
                f"{path.relative_to(ROOT)}: {found[0]}" for found in pattern.finditer(content)
            ]
    assert telling == []


def test_locks_hold_names_versions_and_hashes_only() -> None:
    for path in (*ROOT.glob("*.lock"), ROOT / "package-lock.json"):
        content = path.read_text("utf-8")
        assert re.findall(r"[a-z+]+://[^\s\"]+", content) == [], path.name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_says_what_it_is(path: Path) -> None:
    source = path.read_text("utf-8")
    longest = LONGER.get(str(path.relative_to(ROOT)), LONGEST_MODULE)
    assert len(source.splitlines()) <= longest, "split it where its docstring needs an 'and'"
    assert ast.get_docstring(ast.parse(source)), "it begins with what it is for"


def test_migrations_are_scripts_and_no_package() -> None:
    assert list((ROOT / "alembic").rglob("__init__.py")) == []


# --- logs -----------------------------------------------------------------------------------------

PERSONAL = {"phone", "number", "to", "sender", "body", "text", "alias", "name", "note", "e164"}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def test_no_log_line_is_given_a_number_or_a_text() -> None:
    telling = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "log"
                and node.func.attr in LEVELS
            ):
                given = {word.arg for word in node.keywords} & PERSONAL
                is_fixed = node.args and isinstance(node.args[0], ast.Constant)
                if given or not is_fixed:
                    telling.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert telling == []


def test_what_happens_to_a_text_is_logged_without_its_number(
    wiring: Wiring, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        make_sender(session, make_chapter(session))
    reception = Reception(wiring.outbox, wiring.settings.countries)
    senders = ("+442079460123", "12345", "whatsapp:+14135550101", "+14135550101")
    with capture_logs() as lines:
        for place, sender in enumerate(senders):
            text = InboundText(f"SM{place}", sender, "+14135550100", "call +14135550199", "", 0)
            with wiring.database.write() as session:
                inbound_id = take_in(session, reception, text, now=clock.now())
            if inbound_id is not None:
                with wiring.database.write() as session:
                    act_on(session, reception, inbound_id, now=clock.now())
        run_all(wiring, now=clock.now())
    assert [line["event"] for line in lines].count("inbound.no_number_of_ours") >= 2
    numbers = ("2079460123", "4135550101", "4135550199")
    assert [line for line in lines for number in numbers if number in str(line)] == []
    with wiring.database.read() as session:
        assert session.exec(select(col(Delivery.template))).all() == ["unknown_sender"]
