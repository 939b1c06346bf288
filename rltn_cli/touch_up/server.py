"""The server of the page: which addresses there are, and what each answers."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import asdict
from importlib import resources
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from rltn_cli.errors import RltnError, UsageError
from rltn_cli.imaging.colors.palette_files import LARGEST_FILE, decode_palette
from rltn_cli.touch_up.chapter import Chapter
from rltn_cli.touch_up.desk import Desk
from rltn_cli.touch_up.exports import EXPORTS
from rltn_cli.touch_up.guard import Guard
from rltn_cli.touch_up.preview import to_png
from rltn_cli.touch_up.requests import refuse, say_missing, tab_of, values_of
from rltn_cli.touch_up.tabs import Tabs
from rltn_cli.touch_up.views import Views

PAGE = {
    "": "touch_up.html",
    "touch_up.css": "touch_up.css",
    **{f"{name}.js": f"{name}.js" for name in ("asking", "showing", "telling", "acting", "starting")},
}
"""The page's files, by their addresses below the token."""
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_PALETTE_BODY = 4 * LARGEST_FILE // 3 + 1024
"""Bytes of a request with a palette file in base64."""

Act: TypeAlias = Callable[..., int | None]
ACTIONS: dict[str, tuple[tuple[str, ...], Act]] = {
    "fix": (("region", "color", "alike", "map"), Desk.fix),
    "give": (("regions", "color", "map"), Desk.give),
    "merge": (("stroke",), Desk.merge),
    "split": (("stroke",), Desk.split),
    "finish": (("finish",), Desk.set_finish),
    "palette": (("colors",), Desk.set_palette),
    "undo": ((), Desk.undo),
    "redo": ((), Desk.redo),
    "save": ((), Desk.save),
}
"""What a page of the chapter can be asked to do, and what each needs to know."""


def make_app(chapter: Chapter, token: str, on_done: Callable[[], None] = lambda: None) -> ASGIApp:
    """Return the server.

    Args:
        chapter: the paintings.
        token: the first part of every address; whoever does not know it gets nothing.
        on_done: called when the user is done.
    """
    app = _Site(chapter, on_done).app(f"/{token}/")
    return Guard(app, token, {f"/{token}/palette-file": _PALETTE_BODY})


class _Site:
    """Addresses and answers."""

    def __init__(self, chapter: Chapter, on_done: Callable[[], None]) -> None:
        self._chapter, self._on_done = chapter, on_done
        self._tabs = Tabs()

    def app(self, root: str) -> Starlette:
        """Return the server of the addresses below `root`."""
        page = root + "pages/{page:int}/"
        routes = [
            *(Route(root + address, _file(name)) for address, name in PAGE.items()),
            Route(root + "chapter.json", lambda request: JSONResponse(self._chapter.facts())),
            Route(page + "facts.json", self._serve_json(Views.facts)),
            Route(page + "map.json", self._serve_json(Views.map)),
            Route(page + "state.json", self._serve_json(Views.state)),
            Route(page + "offers.json", self._offers),
            Route(page + "picture.png", self._serve_bytes(lambda desk: desk.picture(), "image/png")),
            Route(page + "drawing.png", self._serve_bytes(lambda desk: Views(desk).drawing(), "image/png")),
            Route(page + "regions", self._serve_bytes(lambda desk: Views(desk).regions(), packed=True)),
            Route(page + "references/{number:int}", self._reference),
            Route(page + "export/{kind}", self._export),
            Route(root + "claim", self._claim, methods=["POST"]),
            Route(root + "release", self._release, methods=["POST"]),
            Route(root + "palette-file", self._palette_file, methods=["POST"]),
            Route(root + "done", self._done, methods=["POST"]),
            Route(page + "prepare", self._prepare, methods=["POST"]),
            Route(page + "{action}", self._act, methods=["POST"]),
        ]
        handlers: dict[Any, Any] = {RltnError: refuse, HTTPException: say_missing}
        return Starlette(routes=routes, exception_handlers=handlers)

    def _desk(self, request: Request) -> Desk:
        """Return the page of the chapter that an address names."""
        try:
            return self._chapter.desk(request.path_params["page"])
        except UsageError as error:
            raise HTTPException(404, str(error)) from error

    def _serve_json(self, tell: Callable[[Views], dict[str, Any]]) -> Callable[[Request], Response]:
        """Return what answers with JSON of a page."""
        return lambda request: JSONResponse(tell(Views(self._desk(request))))

    def _serve_bytes(
        self, make: Callable[[Desk], bytes], kind: str = "application/octet-stream", *, packed: bool = False
    ) -> Callable[[Request], Response]:
        """Return what answers with bytes of a page."""
        headers = {"Content-Encoding": "gzip"} if packed else None
        return lambda request: Response(make(self._desk(request)), media_type=kind, headers=headers)

    def _offers(self, request: Request) -> Response:
        """Answer with what fixes of other pages suggest."""
        self._desk(request)
        version, offers = self._chapter.offers(request.path_params["page"])
        return JSONResponse({"map": version, "offers": [asdict(offer) for offer in offers]})

    def _reference(self, request: Request) -> Response:
        """Answer with a reference, by its number from 1."""
        number, references = request.path_params["number"], self._desk(request).painting.references
        if not 1 <= number <= len(references):
            raise HTTPException(404, "there is no such reference")
        return Response(to_png(references[number - 1]), media_type="image/png")

    def _export(self, request: Request) -> Response:
        """Answer with the finished picture as a file to keep."""
        kind, desk = request.path_params["kind"], self._desk(request)
        if kind not in EXPORTS:
            raise HTTPException(404, f"pictures are exported as {', '.join(EXPORTS)}")
        safe = "".join(
            char if (char.isalnum() and char.isascii()) or char in "-_" else "-" for char in desk.path.stem
        )
        disposition = f'attachment; filename="{safe or "painting"}.{kind}"'
        data = desk.export(kind)
        return Response(data, media_type=EXPORTS[kind], headers={"Content-Disposition": disposition})

    def _claim(self, request: Request) -> Response:
        """Answer whether this tab may change the paintings."""
        return JSONResponse({"writes": self._tabs.claim(tab_of(request))})

    def _release(self, request: Request) -> Response:
        """Let other tabs change the paintings."""
        self._tabs.release(tab_of(request))
        return JSONResponse({})

    def _check_tab(self, request: Request) -> None:
        """Refuse what another tab than the one that writes asks for."""
        if not self._tabs.claim(tab_of(request)):
            raise HTTPException(409, "another tab makes the changes; this one only reads")

    async def _palette_file(self, request: Request) -> Response:
        """Answer with the colours of a palette file; the name tells its kind and is never opened."""
        values = values_of(await request.body(), ("name", "data"))
        if not all(isinstance(value, str) for value in values.values()):
            raise UsageError("a palette file has a name, and data in base64")
        try:
            data = base64.b64decode(values["data"], validate=True)
        except (binascii.Error, ValueError):
            raise UsageError("the palette file is not in base64") from None
        name = "".join(char for char in values["name"][-60:] if char.isprintable() and char not in "/\\")
        return JSONResponse({"colors": decode_palette(data, name).hexes})

    async def _done(self, request: Request) -> Response:
        """End the server."""
        values_of(await request.body(), ())
        self._check_tab(request)
        self._on_done()
        return JSONResponse({})

    def _prepare(self, request: Request) -> Response:
        """Make what another finish needs, before it is asked for."""
        self._desk(request).preview.prepare("paint")
        return JSONResponse({})

    async def _act(self, request: Request) -> Response:
        """Change something on a page, and answer with the state."""
        action = request.path_params["action"]
        if action not in ACTIONS:
            raise HTTPException(404, "there is nothing here")
        names, act = ACTIONS[action]
        values = values_of(await request.body(), names)
        self._check_tab(request)
        return JSONResponse(await run_in_threadpool(self._acted, request, act, values))

    def _acted(self, request: Request, act: Act, values: dict[str, Any]) -> dict[str, Any]:
        desk = self._desk(request)
        region = act(desk, **values)
        return Views(desk).state() | ({} if region is None else {"region": region})


def _file(name: str) -> Callable[[Request], Response]:
    """Return what answers with a file of the page."""
    data = resources.files("rltn_cli.touch_up").joinpath("page", name).read_bytes()
    return lambda request: Response(data, media_type=_TYPES[name.rpartition(".")[2]])
