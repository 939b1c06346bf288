"""Text as other programs write it: byte order marks, UTF-16, CRLF, tables of several kinds."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks and their encodings; UTF-32 comes first because its mark begins like that of UTF-16."""
DELIMITERS = (",", ";", "\t")
"""Characters that may separate the values of a table."""
_ANNOUNCED = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""The line in which spreadsheets name the separator."""


def decode_text(data: bytes, errors: str = "strict") -> str:
    """Decode text in UTF-8, in UTF-16 or UTF-32 with a byte order mark, or in UTF-16 known by its zeros.

    Args:
        data: the text.
        errors: what to do with bytes that are not UTF-8, as in `bytes.decode`; in other encodings they are
            replaced unless it is `strict`.

    Raises:
        UnicodeDecodeError: it is in another encoding.
    """
    wide = "strict" if errors == "strict" else "replace"
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors if encoding == "utf-8" else wide)
    if data and len(data) % 2 == 0:
        for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            zeros = data[start::2].count(0)
            if 4 * zeros >= len(data) and data[1 - start :: 2].count(0) == 0 and b"\n" in data:
                return data.decode(encoding, wide)
    return data.decode("utf-8", errors)


def read_text(path: Path) -> str:
    """Read a file of text; see `decode_text`.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is in another encoding.
    """
    return decode_text(path.read_bytes())


def table_rows(text: str, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table with commas, semicolons or tabs, each with the number of its (last) line.

    The first row, in which most of the known columns are found, tells what stands between the values. Empty
    rows are left out.

    Args:
        text: the table.
        columns: names that its first row may hold, in lower case.

    Raises:
        csv.Error: an invalid row; its number is the second argument.
    """
    announced = _ANNOUNCED.match(text)
    skipped = 1 if announced else 0
    if announced:
        text = text[announced.end() :]
    first = next((line for line in text.splitlines() if line.strip()), "")
    found = {
        delimiter: len({cell.strip().strip('"').lower() for cell in first.split(delimiter)} & set(columns))
        for delimiter in DELIMITERS
    }
    delimiter = max(DELIMITERS, key=lambda one: found[one])
    if announced and announced[1] in DELIMITERS:
        delimiter = announced[1]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise csv.Error(str(error), reader.line_num + skipped) from error
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield reader.line_num + skipped, row
