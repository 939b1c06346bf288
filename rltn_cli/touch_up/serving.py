"""Serve the page on this machine alone, until the user is done."""

import contextlib
import logging
import secrets
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from rltn_cli.errors import RltnError, UsageError
from rltn_cli.touch_up.chapter import Chapter, chapter_of
from rltn_cli.touch_up.server import make_app

_HOST = "127.0.0.1"
_log = logging.getLogger(__name__)


def touch_up(path: Path, *, port: int = 0, open_browser: bool = True, tell: Callable[[str], None]) -> None:
    """Serve the page of a saved painting, or of a folder of them, until Ctrl-C or the page's Done.

    Args:
        path: of the painting or the folder.
        port: to listen at; 0 for a free one.
        open_browser: whether to open the page.
        tell: is given the address.

    Raises:
        UsageError: the port is taken, or the folder holds no painting.
        PaintingError, OutputError: the painting cannot be opened, or its steps cannot be kept.
    """
    chapter = chapter_of(path)
    with _listen(port) as listener:
        reading = _open_first(chapter)
        try:
            _serve(chapter, listener, open_browser, tell)
        finally:
            chapter.close()
    unsaved = chapter.unsaved
    if unsaved and not reading:
        names = ", ".join(unsaved[:5]) + (f" and {len(unsaved) - 5} more" if unsaved[5:] else "")
        _log.warning("%s: not all is saved yet; touch up %s again to go on from there", names, path)


def _open_first(chapter: Chapter) -> bool:
    """Open the first page, tell what is to be told of it, and return whether it is only read."""
    try:
        first = chapter.desk(1)
    except RltnError as error:
        if len(chapter.paths) == 1:
            raise
        _log.warning("%s", error)  # the page says so, too, and leads to the others
        return False
    for notice in first.notices:
        _log.warning("%s", notice)
    return first.reads_only


def _serve(
    chapter: Chapter, listener: socket.socket, open_browser: bool, tell: Callable[[str], None]
) -> None:
    token = secrets.token_urlsafe(24)
    app = make_app(chapter, token, lambda: setattr(server, "should_exit", True))
    server = _Server(
        uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, timeout_graceful_shutdown=3,
        )
    )  # fmt: skip
    address = f"http://{_HOST}:{listener.getsockname()[1]}/{token}/"
    tell(address)
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    server.run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port))
    except OSError as error:
        raise UsageError(f"port {port} cannot be used ({error.strerror}); choose another --port") from error


class _Server(uvicorn.Server):
    """Ends by Ctrl-C as by Done: every step is kept, so that there is nothing to interrupt."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM end the server, once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
