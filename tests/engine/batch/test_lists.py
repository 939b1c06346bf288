import io
import os
from pathlib import Path

import pytest

from rltn_cli.engine.batch.lists import read_list
from rltn_cli.errors import UsageError


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Give a list on standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lists_of_other_systems(encoding: str, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, end.join(["a.png", "", "ä b.png", ""]).encode(encoding))
    assert read_list() == [Path("a.png"), Path("ä b.png")]


def test_names_are_taken_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(" a.png ").touch()
    give(monkeypatch, b" a.png \n b.png \nlatin-\xe9.png\nline\xe2\x80\xa8end.png")
    names = [os.fsencode(path) for path in read_list()]
    assert names == [b" a.png ", b"b.png", b"latin-\xe9.png", b"line\xe2\x80\xa8end.png"]


@pytest.mark.parametrize("end", [b"\0", b"\0\n", b""])
def test_names_that_end_in_zero_bytes(end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    given = b"a.png\0two\nlines.png\0 b .png" + end
    give(monkeypatch, given)
    assert [str(path) for path in read_list(null=True)] == ["a.png", "two\nlines.png", " b .png"]
    give(monkeypatch, given)
    with pytest.raises(UsageError, match="names end in NUL bytes, as find -print0 writes them: add -0"):
        read_list()


def test_a_closed_standard_input_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageError, match="standard input is closed"):
        read_list()
