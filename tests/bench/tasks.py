"""A task a message, the usual way: Celery posts it and commits one row. Set up by BENCH_*."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

import psycopg
import requests
from celery import Celery

from tests.bench.clients import CALLBACK, VALID_SECONDS
from tests.bench.ground import NUMBER, number
from tests.bench.worker import ACCOUNT, TOKEN, WORDS

BASE = os.environ["BENCH_BASE"]
DATABASE = os.environ["BENCH_DATABASE"]  # a PostgreSQL URL, or the path of a SQLite file
SET_UP = "create table sent (id integer primary key, sid text not null)"

app = Celery("bench", broker=os.environ["BENCH_BROKER"])
app.conf.update(
    task_ignore_result=True, worker_prefetch_multiplier=64, worker_hijack_root_logger=False
)
_open: dict[str, Any] = {}  # this process's own session and connection


def connect() -> Any:
    """Open the database as durably as the service does."""
    if DATABASE.startswith("postgresql"):
        return psycopg.connect(DATABASE)
    connection = sqlite3.connect(DATABASE, timeout=30)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    return connection


@app.task
def send(place: int) -> None:
    """Send one text and write down that it was sent."""
    if not _open:
        _open["http"], _open["database"] = requests.Session(), connect()
        _open["http"].trust_env = False
    form = {
        "To": number(place), "Body": WORDS[("en", "es")[place % 2]], "From": NUMBER,
        "StatusCallback": CALLBACK, "ValidityPeriod": VALID_SECONDS,
    }  # fmt: skip
    url = f"{BASE}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    answer = _open["http"].post(url, data=form, auth=(ACCOUNT, TOKEN), timeout=10)
    mark = "%s" if DATABASE.startswith("postgresql") else "?"
    database = _open["database"]
    # The mark is the driver's own: "?" or "%s".
    database.execute(f"insert into sent values ({mark}, {mark})", (place, answer.json()["sid"]))  # noqa: S608
    database.commit()
