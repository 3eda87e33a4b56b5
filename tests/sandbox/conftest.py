"""One sandbox for all of these tests, and somebody who answers its webhooks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twilio.rest import Client

from tests.sandbox.driver import (
    ACCOUNT,
    OURS,
    OURS_TOO,
    SERVICE,
    TOKEN,
    Sandbox,
    Webhooks,
    answering_webhooks,
    running_sandbox,
)


@pytest.fixture(scope="session")
def webhook_server() -> Iterator[Webhooks]:
    """Stands for the service."""
    with answering_webhooks() as heard:
        yield heard


@pytest.fixture(scope="session")
def sandbox_process(
    webhook_server: Webhooks, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    """A sandbox with two numbers and a messaging service."""
    flags = ("--number", OURS, "--number", OURS_TOO, "--messaging-service-sid", SERVICE)
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, *flags, "--inbound-url", f"{webhook_server.url}/inbound") as found:
        yield found


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """The shared sandbox, as new."""
    assert sandbox_process.post("/reset", {"clock": True}).status_code == 200
    return sandbox_process


@pytest.fixture
def webhooks(webhook_server: Webhooks) -> Webhooks:
    """The shared webhook server, as new."""
    webhook_server.posts.clear()
    webhook_server.twiml.clear()
    webhook_server.status = 200
    return webhook_server


@pytest.fixture
def twilio(sandbox: Sandbox) -> Client:
    """Twilio's own client, pointed at the sandbox."""
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = sandbox.url
    return client
