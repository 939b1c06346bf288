"""What a waiting user sees: a line on standard error, only on a terminal."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def working(text: str, *, quiet: bool) -> Iterator[None]:
    """Show what is being done while it is done; nothing where standard error is no terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(text):
        yield
