"""The API's own description: OpenAPI, a page to try it, and what each problem means."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse, JSONResponse

from service.errors import NotFound
from service.web.api.problems import MEDIA_TYPE, Problem
from service.web.api.shapes import Shape
from service.web.session import Parts

PREFIX = "/api/v1"
VERSION = "1"
REF = "#/components/schemas/{model}"
ABOUT = """\
Check-ins accompanied, rallies called, answers read. Send an organizer's token as
`Authorization: Bearer ...`; it sees that organizer's chapter and nothing else.

- **Errors** are problem documents (RFC 9457) and name every wrong field at once.
- **Times** need an offset when you send them and are in UTC when you get them.
- **Lists** come a page at a time: put `next` into `after`.
- **Personal fields** are masked; `reveal` shows them whole and writes down who asked and why.
- **Sending twice** is safe: the same registration, draft or call is the same one.
"""
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Acompaña API</title>
<link rel="icon" href="/static/mark.svg">
<link rel="stylesheet" href="/static/swagger-ui.css">
</head>
<body>
<main id="swagger-ui" data-url="/api/v1/openapi.json"></main>
<script src="/static/swagger-ui-bundle.js"></script>
<script src="/static/swagger-init.js"></script>
</body>
</html>
"""
# The stylesheet carries its icons as data: addresses.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
FAILURES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": said,
        "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}},
    }
    for status, said in (
        ("4XX", "What the caller can put right."),
        ("5XX", "What we must put right; trying again may help."),
    )
}

router = APIRouter()


class Meaning(Shape):
    """What a problem's code means."""

    code: str
    says: dict[str, str]


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> JSONResponse:
    """Return the API's description (OpenAPI 3.1), written once a process."""
    state = request.app.state
    if not hasattr(state, "api_described"):
        state.api_described = describe(request)
    return JSONResponse(state.api_described)


@router.get("/docs", include_in_schema=False)
def docs() -> HTMLResponse:
    """Return a page to read and try the API."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


@router.get("/problems/{code}", tags=["problems"], responses=FAILURES)
def see_problem(code: str, wiring: Parts) -> Meaning:
    """Return what a problem's code means, in every language."""
    says = wiring.catalog.errors.get(code)
    if says is None:
        raise NotFound(None, "no such problem")
    return Meaning(code=code, says=dict(says))


def describe(request: Request) -> dict[str, Any]:
    """Return the OpenAPI document of what is below /api/v1."""
    made: dict[str, Any] = get_openapi(
        title="Acompaña", version=VERSION, description=ABOUT, routes=request.app.routes
    )
    made["paths"] = {
        path: item for path, item in made["paths"].items() if path.startswith(f"{PREFIX}/")
    }
    schema = Problem.model_json_schema(ref_template=REF)
    made["components"]["schemas"] |= schema.pop("$defs") | {"Problem": schema}
    return made
