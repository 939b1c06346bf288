"""The page of `rltn touch-up`, served from a thread; for tests, measurements and pictures of it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rltn_cli.touch_up.serving import touch_up


@contextmanager
def served(path: Path, port: int = 0) -> Iterator[str]:
    """Serve a painting or a folder of them, and yield the address; ends when the page is done."""
    told: list[str] = []
    thread = threading.Thread(
        target=touch_up,
        args=(path,),
        kwargs={"port": port, "open_browser": False, "tell": told.append},
        daemon=True,
    )
    thread.start()
    while not told:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield told[0]
    finally:
        thread.join(20)
        assert not thread.is_alive()
