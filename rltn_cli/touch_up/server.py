"""The server of the page: which addresses there are, and what each answers."""

import json
from collections.abc import Callable
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from rltn_cli.errors import RltnError, UsageError
from rltn_cli.touch_up.desk import EXPORTS, Desk
from rltn_cli.touch_up.guard import Guard
from rltn_cli.touch_up.preview import to_png
from rltn_cli.touch_up.tabs import Tabs
from rltn_cli.touch_up.views import Views

PAGE = {"": "touch_up.html", "touch_up.css": "touch_up.css", "touch_up.js": "touch_up.js"}
"""The page's files, by their addresses below the token."""
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def make_app(desk: Desk, token: str, on_done: Callable[[], None] = lambda: None) -> ASGIApp:
    """Return the server.

    Args:
        desk: the painting.
        token: the first part of every address; whoever does not know it gets nothing.
        on_done: called when the user is done.
    """
    return Guard(_Site(desk, on_done).app(f"/{token}/"), token)


class _Site:
    """Addresses and answers."""

    def __init__(self, desk: Desk, on_done: Callable[[], None]) -> None:
        self._desk, self._on_done = desk, on_done
        self._tabs, self._views = Tabs(), Views(desk)
        self._actions: dict[str, tuple[tuple[str, ...], Callable[..., None]]] = {
            "fix": (("region", "color", "alike"), desk.fix),
            "undo": ((), desk.undo),
            "redo": ((), desk.redo),
            "finish": (("finish",), desk.set_finish),
            "save": ((), desk.save),
            "done": ((), on_done),
        }

    def app(self, root: str) -> Starlette:
        """Return the server of the addresses below `root`."""
        views = self._views
        pictures = {"picture.png": self._desk.picture, "drawing.png": views.drawing}
        routes = [
            *(Route(root + address, self._file(name)) for address, name in PAGE.items()),
            *(Route(root + name, _serve_bytes(make, "image/png")) for name, make in pictures.items()),
            Route(root + "facts.json", _serve_json(views.facts)),
            Route(root + "state.json", _serve_json(views.state)),
            Route(root + "regions", _serve_bytes(views.regions, "application/octet-stream", packed=True)),
            Route(root + "references/{number:int}", self._reference),
            Route(root + "export/{kind}", self._export),
            Route(root + "claim", self._claim, methods=["POST"]),
            Route(root + "release", self._release, methods=["POST"]),
            Route(root + "{action}", self._act, methods=["POST"]),
        ]  # fmt: skip
        handlers: dict[Any, Any] = {RltnError: _refuse, HTTPException: _say}
        return Starlette(routes=routes, exception_handlers=handlers)

    def _file(self, name: str) -> Callable[[Request], Response]:
        """Return what answers with a file of the page."""
        data = resources.files("rltn_cli.touch_up").joinpath("page", name).read_bytes()
        return _serve_bytes(lambda: data, _TYPES[name.rpartition(".")[2]])

    def _reference(self, request: Request) -> Response:
        """Answer with a reference, by its number from 1."""
        number, references = request.path_params["number"], self._desk.painting.references
        if not 1 <= number <= len(references):
            raise HTTPException(404, "there is no such reference")
        return Response(to_png(references[number - 1]), media_type="image/png")

    def _export(self, request: Request) -> Response:
        """Answer with the finished picture as a file to keep."""
        kind = request.path_params["kind"]
        if kind not in EXPORTS:
            raise HTTPException(404, f"pictures are exported as {', '.join(EXPORTS)}")
        safe = "".join(
            char if (char.isalnum() and char.isascii()) or char in "-_" else "-"
            for char in self._desk.path.stem
        )
        disposition = f'attachment; filename="{safe or "painting"}.{kind}"'
        data = self._desk.export(kind)
        return Response(data, media_type=EXPORTS[kind], headers={"Content-Disposition": disposition})

    def _claim(self, request: Request) -> Response:
        """Answer with the version, and whether this tab may change the painting."""
        may = self._tabs.claim(_tab(request))
        return JSONResponse({"writes": may, "version": self._desk.version})

    def _release(self, request: Request) -> Response:
        """Let other tabs change the painting."""
        self._tabs.release(_tab(request))
        return JSONResponse({})

    async def _act(self, request: Request) -> Response:
        """Change something, and answer with the state."""
        action = request.path_params["action"]
        if action not in self._actions:
            raise HTTPException(404, "there is nothing here")
        names, act = self._actions[action]
        values = _values(await request.body(), names)
        if not self._tabs.claim(_tab(request)):
            raise HTTPException(409, "another tab changes this painting; this one only reads")
        await run_in_threadpool(act, **values)
        return JSONResponse(await run_in_threadpool(self._views.state))


def _serve_bytes(
    make: Callable[[], bytes], kind: str, *, packed: bool = False
) -> Callable[[Request], Response]:
    """Return what answers with bytes."""
    headers = {"Content-Encoding": "gzip"} if packed else None
    return lambda request: Response(make(), media_type=kind, headers=headers)


def _serve_json(tell: Callable[[], dict[str, Any]]) -> Callable[[Request], Response]:
    """Return what answers with JSON."""
    return lambda request: JSONResponse(tell())


def _tab(request: Request) -> str:
    """Return the name that a tab gave itself."""
    return request.headers.get("x-tab", "")


def _values(body: bytes, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of a request, which must have exactly these names."""
    try:
        values = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise UsageError("the request is not JSON") from None
    if not isinstance(values, dict) or set(values) != set(names):
        raise UsageError(f"the request must hold {', '.join(names) or 'nothing'}")
    return values


def _refuse(request: Request, error: Exception) -> Response:
    """Answer with what is wrong, in one line."""
    text = " ".join(str(error).split())
    return PlainTextResponse(text + "\n", 400 if isinstance(error, UsageError) else 409)


def _say(request: Request, error: HTTPException) -> Response:
    """Answer an address that is not there."""
    known = error.status_code != 405  # of an address that only takes the other method
    return PlainTextResponse((error.detail if known else "there is nothing here") + "\n", error.status_code)
