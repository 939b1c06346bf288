"""What a waiting user sees: one line on standard error, if that is a terminal."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def working(text: str, *, quiet: bool) -> Iterator[None]:
    """Show a text while something is done; show nothing if standard error is not a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(text):
        yield
