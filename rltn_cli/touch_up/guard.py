"""Who may ask the server: a browser on this machine that was given the token, and in small requests."""

import re
import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1 << 16
"""Bytes."""
_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.ASCII)
"""Any port, since a tunnel may have another one."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src "
        "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Answers what is not allowed itself: 403 for a foreign host or origin, 404 for another token, 413."""

    def __init__(self, app: ASGIApp, token: str, larger: Mapping[str, int] | None = None) -> None:
        """Take the server behind, the token, and addresses that take larger bodies than usual, in bytes."""
        self._app, self._token, self._larger = app, token.encode(), larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it in one line."""
        if scope["type"] != "http":
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *headers]}
            await send(message)

        refused = self._find_refusal(scope)
        if refused is not None:
            await PlainTextResponse(refused[1] + "\n", refused[0])(scope, receive, sealed)
            return
        body = await self._body(scope, receive) if scope["method"] == "POST" else b""
        if body is None:
            await PlainTextResponse("the request is too large\n", 413)(scope, receive, sealed)
            return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, sealed)

    def _find_refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the reason why a request is not answered."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            return 403, "this page is served to this machine alone"
        if origins != [f"http://{hosts[0]}"] and (origins or scope["method"] == "POST"):
            return 403, "another page may not ask for this"
        first = scope["path"].split("/")[1] if "/" in scope["path"] else ""
        if not secrets.compare_digest(first.encode("utf-8", "replace"), self._token):
            return 404, "there is nothing here: open the address that rltn printed"
        if scope["method"] not in ("GET", "POST"):
            return 405, "only GET and POST are answered"
        return None

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return a request's body, or None where it is too large; no more than that is read."""
        body, most = b"", self._larger.get(scope["path"], LARGEST_BODY)
        while True:
            message = await receive()
            body += bytes(message.get("body", b""))
            if len(body) > most:
                return None
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return body
