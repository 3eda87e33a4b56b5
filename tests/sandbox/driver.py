"""Drive a sandbox process, and be the service that answers its webhooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "sandbox-test-token"
OURS = "+14135550142"
OURS_TOO = "+14135550143"
SERVICE = "MG" + "0123456789abcdef" * 2
ALMA, BETO, CARMEN = "+14135550101", "+14135550102", "+14135550103"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Post:
    """One webhook as it came in."""

    path: str
    form: dict[str, str]
    signature: str


@dataclass
class Webhooks:
    """Our end of the webhooks: keeps every post, answers with `status`."""

    url: str
    posts: list[Post] = field(default_factory=list)
    status: int = 200
    twiml: dict[str, str] = field(default_factory=dict)  # by path, for calls

    def of(self, sid: str) -> list[Post]:
        """Return the posts about one message, in the order they came."""
        return [post for post in self.posts if post.form.get("MessageSid") == sid]

    def statuses(self, sid: str) -> list[str]:
        return [post.form["MessageStatus"] for post in self.of(sid)]


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox and what tests do with it."""

    url: str
    http: httpx.Client
    clock_file: Path
    ledger_file: Path

    def create(
        self, to: str = ALMA, body: str = "hello", *, fault: str | None = None, **fields: str
    ) -> httpx.Response:
        """POST a message from OURS, or from what the fields say."""
        sender = {} if "From" in fields or "MessagingServiceSid" in fields else {"From": OURS}
        return self.http.post(
            MESSAGES,
            data={"To": to, "Body": body, **sender, **fields},
            headers={"X-Sandbox-Fault": fault} if fault else {},
            auth=(ACCOUNT, TOKEN),
        )

    def listed(self, **query: str) -> list[dict[str, Any]]:
        answer = self.http.get(MESSAGES, params=query, auth=(ACCOUNT, TOKEN))
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found

    def fetch(self, sid: str) -> dict[str, Any]:
        path = MESSAGES.replace(".json", f"/{sid}.json")
        found: dict[str, Any] = self.http.get(path, auth=(ACCOUNT, TOKEN)).json()
        return found

    def get(self, path: str, **query: str) -> Any:
        return self.http.get(f"/_sandbox{path}", params=query).raise_for_status().json()

    def post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(f"/_sandbox{path}", json=body)

    def text(self, number: str, body: str) -> dict[str, Any]:
        """Have a phone text in."""
        answer: dict[str, Any] = self.post(f"/phones/{number}/texts", {"body": body}).json()
        return answer

    def thread(self, number: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/phones/{number}")["thread"]
        return found

    def ledger(self, kind: str, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/ledger", kind=kind, **query)["entries"]
        return found

    def advance(self, seconds: float) -> None:
        assert self.post("/clock", {"advance_seconds": seconds}).status_code == 200

    def run_out(self) -> None:
        """Step the clock from one due moment to the next until nothing is pending."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (load := self.get("/idle"))["idle"]:
            assert time.monotonic() < deadline, load
            if load["settled"]:
                self.post("/clock", {"at": load["next_due_at"]})
            else:
                time.sleep(0.01)


@contextmanager
def answering_webhooks() -> Iterator[Webhooks]:
    """A server on a free port that stands for the service."""
    heard: Webhooks

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = dict(parse_qsl(body, keep_blank_values=True))
            heard.posts.append(Post(self.path, form, self.headers["X-Twilio-Signature"]))
            answer = heard.twiml.get(self.path.partition("?")[0], "").encode()
            self.send_response(heard.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    heard = Webhooks(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def running_sandbox(folder: Path, *flags: str) -> Iterator[Sandbox]:
    """A sandbox with a clock file and a ledger in `folder`, ended when the block ends."""
    clock_file, ledger_file = folder / "clock", folder / "ledger.jsonl"
    process = start_sandbox(
        *("--account-sid", ACCOUNT, "--clock-file", str(clock_file), "--ledger", str(ledger_file)),
        *flags,
    )
    try:
        url = url_of(process)
        with httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as http:
            yield Sandbox(url, http, clock_file, ledger_file)
    finally:
        stop(process)


def start_sandbox(*flags: str) -> subprocess.Popen[str]:
    """Start a sandbox; the caller owns the process."""
    return subprocess.Popen(
        [sys.executable, "-m", "service.sandbox", "--port", "0", *flags],
        env={**os.environ, "ACOMPANA_TWILIO_AUTH_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        text=True,
    )


def stop(process: subprocess.Popen[str]) -> int:
    """End a process, kindly at first; return its exit code."""
    process.terminate()
    try:
        return process.wait(PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def url_of(process: subprocess.Popen[str]) -> str:
    """Wait for the readiness line and return the address."""
    assert process.stdout is not None
    return str(json.loads(process.stdout.readline())["url"])


def moment(value: str) -> datetime:
    """Read a moment that the sandbox wrote."""
    found = datetime.fromisoformat(value)
    assert found.tzinfo is not None
    return found
