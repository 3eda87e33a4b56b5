"""The API describes itself, and does what its description says."""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)  # fmt: skip

from service.web.api.docs import POLICY
from service.web.api.problems import MEDIA_TYPE
from tests.web.api import bodies
from tests.web.api.bodies import one_database
from tests.web.conftest import Group

EXAMPLES = int(os.environ.get("ACOMPANA_EXAMPLES", "100"))
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip


@one_database
def test_the_description_holds_the_api_and_nothing_else(stranger: TestClient) -> None:
    described = stranger.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert all(path.startswith("/api/v1/") for path in described["paths"])
    for path, item in described["paths"].items():
        for operation in item.values():
            is_open = path.startswith("/api/v1/problems/")
            assert operation.get("security", []) == ([] if is_open else [{"token": []}])
            for status in ("4XX", "5XX"):
                assert list(operation["responses"][status]["content"]) == [MEDIA_TYPE]
            assert "422" not in operation["responses"]


@one_database
def test_bodies_take_nothing_that_they_do_not_name(stranger: TestClient) -> None:
    schemas: dict[str, Any] = stranger.get("/api/v1/openapi.json").json()["components"]["schemas"]
    for name, schema in schemas.items():
        if "properties" in schema:
            assert schema["additionalProperties"] is False, name


@one_database
def test_the_page_loads_only_what_is_ours(stranger: TestClient) -> None:
    page = stranger.get("/api/v1/docs")
    assert page.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert "http://" not in page.text
    assert "https://" not in page.text


@pytest.mark.parametrize("urls", ["postgresql"], indirect=True)  # the stricter of the two
def test_made_up_requests_are_answered_as_described(
    app: FastAPI, client: TestClient, group: Group
) -> None:
    known = {
        "checkin_id": client.post("/api/v1/checkins", json=bodies.checkin(group)).json()["id"],
        "rally_id": client.post("/api/v1/rallies", json=bodies.rally()).json()["id"],
        "volunteer_id": client.post("/api/v1/volunteers", json=bodies.volunteer()).json()["id"],
        "family_id": client.post("/api/v1/families", json=bodies.family()).json()["id"],
    }
    announced = client.post(f"/api/v1/rallies/{known['rally_id']}/announce")
    known["blast_id"] = announced.json()["id"]
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    cases = st.one_of(*(operation.as_strategy() for operation in operations))

    @given(case=cases, is_known=st.sampled_from((True, True, False)))
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None,
        derandomize="ACOMPANA_EXAMPLES" not in os.environ,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: schemathesis.Case[Any], is_known: bool) -> None:
        if is_known:
            case.path_parameters |= {k: v for k, v in known.items() if k in case.path_parameters}
        answer = case.call(headers={"Authorization": f"Bearer {group.token}"})
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == [MEDIA_TYPE]

    ask()
