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

from rltn_cli.errors import UsageError
from rltn_cli.touch_up.desk import Desk
from rltn_cli.touch_up.server import make_app

_HOST = "127.0.0.1"
_log = logging.getLogger(__name__)


def touch_up_painting(
    path: Path, *, port: int = 0, open_browser: bool = True, tell: Callable[[str], None]
) -> None:
    """Serve the page of a saved painting until Ctrl-C or the page's Done.

    Args:
        path: of the painting.
        port: to listen at; 0 for a free one.
        open_browser: whether to open the page.
        tell: is given the address.

    Raises:
        UsageError: the port is taken.
        PaintingError, OutputError: the painting cannot be opened, or its steps cannot be kept.
    """
    with _listen(port) as listener:
        desk = Desk(path)
        reading = desk.reads_only
        try:
            _serve(desk, listener, open_browser, tell)
        finally:
            desk.close()
    if desk.is_unsaved and not reading:
        _log.warning("%s: not all is saved in it yet; touch it up again to go on from there", path)


def _serve(desk: Desk, listener: socket.socket, open_browser: bool, tell: Callable[[str], None]) -> None:
    for notice in desk.notices:
        _log.warning("%s", notice)
    token = secrets.token_urlsafe(24)
    app = make_app(desk, token, lambda: setattr(server, "should_exit", True))
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
