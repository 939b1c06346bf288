"""index.csv: what is known about each picture of a folder of pairs."""

import csv
from pathlib import Path

from rltn_cli.errors import DataError
from rltn_cli.text_files import read_text, table_rows

COLUMNS = ("id", "split", "source", "license", "group", "palette", "native_line")


def read_index(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of an index by id; tables as spreadsheets save them are understood.

    Args:
        path: a CSV file with the column `id`, and optionally the others of `COLUMNS`.

    Raises:
        DataError: not a CSV file, no column `id`, no rows, an empty id, or a duplicate id.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read; save it as CSV in UTF-8 ({error})") from error
    rows: dict[str, dict[str, str]] = {}
    header: list[str] | None = None
    try:
        for number, cells in table_rows(text, COLUMNS):
            values = [cell.strip() for cell in cells]
            if header is None:
                header = [value.lower() for value in values]
                if "id" not in header:
                    break
                continue
            row = dict(zip(header, values, strict=False))
            name = row.get("id", "")
            if not name or name in rows:
                fault = f"the id {name!r} is a duplicate" if name else "no id"
                raise DataError(f"{path}, line {number}: {fault}; each line must name another picture")
            rows[name] = row
    except csv.Error as error:
        raise DataError(f"{path}, line {error.args[1]}: not a line of CSV ({error.args[0]})") from error
    if not rows:
        raise DataError(f"{path}: needs a first line with a column 'id', and one line per picture")
    return rows
