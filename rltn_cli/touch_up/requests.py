"""What requests hold, and answers to those that make no sense."""

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from rltn_cli.errors import UsageError


def values_of(body: bytes, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of a request, which must have exactly these names.

    Raises:
        UsageError: it has others, or is not JSON.
    """
    try:
        values = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise UsageError("the request is not JSON") from None
    if not isinstance(values, dict) or set(values) != set(names):
        raise UsageError(f"the request must hold {', '.join(names) or 'nothing'}")
    return values


def tab_of(request: Request) -> str:
    """Return the name that a tab gave itself."""
    return request.headers.get("x-tab", "")


def refuse(request: Request, error: Exception) -> Response:
    """Answer with what is wrong, in one line."""
    text = " ".join(str(error).split())
    return PlainTextResponse(text + "\n", 400 if isinstance(error, UsageError) else 409)


def say_missing(request: Request, error: HTTPException) -> Response:
    """Answer an address that is not there."""
    known = error.status_code != 405  # of an address that only takes the other method
    return PlainTextResponse((error.detail if known else "there is nothing here") + "\n", error.status_code)
