"""What commands say: messages on standard error, results on standard output, nothing raw on a terminal."""

import unicodedata

import typer

_ORDERING = {*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C}
"""Characters that change the order in which a terminal shows the others."""
_FREE = {"\n", "\t"}
"""Control characters that text of several lines may hold."""


def say(message: str) -> None:
    """Write a message of one line to standard error."""
    typer.echo(f"rltn: {escape_controls(message)}", err=True)


def show(line: str) -> None:
    """Write a line of a result to standard output."""
    typer.echo(escape_controls(line))


def show_text(text: str) -> None:
    """Write a result of several lines to standard output, as it ends."""
    typer.echo("".join(char if char in _FREE else escape_controls(char) for char in text), nl=False)


def escape_controls(text: str) -> str:
    r"""Return text with control characters escaped, such as `\x1b`, since file names may contain any.

    Characters that change the order of others are escaped too, and so are bytes of names that are not text.
    """
    if text.isprintable() and text.isascii():
        return text
    return "".join(_escape(char) for char in text)


def _escape(char: str) -> str:
    """Return a character, or how it is written where a terminal might obey it."""
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte of a name that is not text
        return f"\\x{code - 0xDC00:02x}"
    if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or code in _ORDERING:
        return repr(char)[1:-1]
    return char
