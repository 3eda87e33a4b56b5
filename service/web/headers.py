"""The headers of every answer: nothing from elsewhere, nothing framed, nothing kept in a cache."""

from __future__ import annotations

from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = "content-security-policy"
YEAR_SECONDS = 365 * 24 * 60 * 60
KEEP_FOREVER = f"public, max-age={YEAR_SECONDS}, immutable"  # the address carries a hash
ASK_AGAIN = "no-cache"
KEEP_NOTHING = "no-store"


def policy() -> ContentSecurityPolicy:
    """Return what a page may load: our own scripts, styles and pictures, and nothing else."""
    return (
        ContentSecurityPolicy()
        .default_src("'none'")
        .script_src("'self'")
        .style_src("'self'")
        .img_src("'self'")
        .connect_src("'self'")
        .form_action("'self'")
        .frame_ancestors("'none'")
        .base_uri("'none'")
    )


def security_headers(*, is_https: bool) -> list[tuple[str, str]]:
    """Return the headers that every answer carries.

    The referrer goes to ourselves only: with `no-referrer` browsers say `Origin: null` when a
    form is sent, and those without Sec-Fetch-Site could not be told from strangers.
    """
    features = PermissionsPolicy()
    for feature in ("camera", "microphone", "geolocation", "payment", "usb"):
        features.add_directive(feature)
    hsts = StrictTransportSecurity().max_age(YEAR_SECONDS)
    made = Secure(
        csp=policy(),
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        permissions=features,
        referrer=ReferrerPolicy().same_origin(),
        hsts=hsts if is_https else None,
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().deny(),
    )
    return [(name.lower(), value) for name, value in made.header_items()]


class SecurityHeaders:
    """ASGI middleware. An answer that brings its own content security policy keeps it."""

    def __init__(self, app: ASGIApp, is_https: bool) -> None:
        self.app = app
        self._headers = security_headers(is_https=is_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers:
                    if name not in headers:
                        headers[name] = value
                headers["cache-control"] = _keeping(scope, message["status"])
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _keeping(scope: Scope, status: int) -> str:
    """Return how long an answer may be kept: only our own static files, and only good ones."""
    if not scope["path"].startswith("/static/") or status not in (200, 206, 304):
        return KEEP_NOTHING
    return KEEP_FOREVER if scope["query_string"].startswith(b"v=") else ASK_AGAIN
