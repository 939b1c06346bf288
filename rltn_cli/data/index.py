"""index.csv: what is known about each picture of a folder of pairs."""

import csv
from pathlib import Path

from rltn_cli.errors import DataError


def read_index(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of an index by id; byte order marks and semicolons, as of spreadsheets, are understood.

    Args:
        path: a CSV file with a column `id`, and optionally `split`, `source`, `license`, `group`, `palette`
            and `native_line`.

    Raises:
        DataError: not a CSV file, no column `id`, no rows, an empty id, or a duplicate id.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read; save it as CSV in UTF-8 ({error})") from error
    first = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter=";" if ";" in first and "," not in first else ",")
    rows: dict[str, dict[str, str]] = {}
    try:
        if "id" not in (reader.fieldnames or ()):
            raise DataError(f"{path}: needs a first line with a column 'id', and one line per picture")
        for row in reader:
            name = (row["id"] or "").strip()
            if not name or name in rows:
                fault = f"the id {name!r} is a duplicate" if name else "no id"
                raise DataError(
                    f"{path}, line {reader.line_num}: {fault}; each line must name another picture"
                )
            rows[name] = {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: not a line of CSV ({error})") from error
    if not rows:
        raise DataError(f"{path}: needs a first line with a column 'id', and one line per picture")
    return rows
