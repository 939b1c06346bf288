"""Warnings that would repeat what has been said, left out for a while."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_warnings(of: str) -> Iterator[None]:
    """Let nothing below an error be logged by a package or module, named as in Python."""
    log = logging.getLogger(of)
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
