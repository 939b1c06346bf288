"""Standard streams that are closed, full, or take less than they are given; in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "cases"
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is missing here")
PYTHON = f"{sys.executable} -m rltn_cli"
PALETTE = f"{PYTHON} palette {CASES / 'ref.png'} -o"


def shell(command: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(CASES.parents[1]), **environment},
    )  # fmt: skip


@FULL
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["--version", "--help", "models list", "models list --json"])
def test_a_full_disk_behind_standard_output(command: str, unbuffered: str, tmp_path: Path) -> None:
    result = shell(f"{PYTHON} {command} > /dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert result.returncode == 1
    assert result.stderr == "rltn: standard output: cannot be read or written (No space left on device)\n"


@pytest.mark.parametrize("command", ["--version", "models list --json"])
def test_standard_output_that_is_closed(command: str, tmp_path: Path) -> None:
    result = shell(f"{PYTHON} {command} >&-", tmp_path)
    assert result.returncode == 1
    assert result.stderr == "rltn: standard output: cannot be read or written (it is closed)\n"


def test_where_nothing_is_written_to_it_standard_output_may_be_closed(tmp_path: Path) -> None:
    assert shell(f"{PALETTE} a.gpl >&-", tmp_path).returncode == 0
    assert (tmp_path / "a.gpl").stat().st_size


@FULL
def test_messages_that_cannot_be_written(tmp_path: Path) -> None:
    assert shell(f"{PALETTE} a.gpl 2> /dev/full", tmp_path).returncode == 1  # the work is done, and unsaid
    assert shell(f"{PALETTE} b.gpl 2>&-", tmp_path).returncode == 0
    assert shell(f"{PALETTE} a.gpl 2> /dev/full", tmp_path).returncode == 1  # it exists already
    assert (tmp_path / "a.gpl").read_bytes() == (tmp_path / "b.gpl").read_bytes()
    assert b"rltn:" not in (tmp_path / "b.gpl").read_bytes()  # no message went into a file


def test_all_streams_may_be_closed(tmp_path: Path) -> None:
    assert shell(f"{PALETTE} a.gpl <&- >&- 2>&-", tmp_path).returncode == 0
    assert (tmp_path / "a.gpl").read_text().startswith("GIMP Palette\n")


@pytest.mark.parametrize("command", ["batch - -r {}/ref.png -o out", "colorize - -r {}/ref.png -o x.png"])
def test_standard_input_that_is_closed_or_cannot_be_read(command: str, tmp_path: Path) -> None:
    command = f"{PYTHON} {command.format(CASES)}"
    for redirection, reason in (("<&-", "is closed"), ("0> sink", "cannot be read (Bad file descriptor)")):
        result = shell(f"{command} {redirection}", tmp_path)
        assert result.returncode == (2 if "batch" in command else 1)
        assert result.stderr.count("\n") == 1
        assert "rltn: standard input" in result.stderr
        assert reason in result.stderr


SHORT = """
import sys
from rltn_cli.commands import streams

streams.prepare_streams()
whole = streams._Output.write
streams._Output.write = lambda self, data: whole(self, bytes(data)[:7])
print("0123456789" * 3)
sys.stdout.flush()
sys.stdout.buffer.write(b"abc" * 9)
sys.exit(streams.finish_streams() or 0)
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_is_taken_in_parts_is_written_whole(unbuffered: str, tmp_path: Path) -> None:
    result = shell(f"{sys.executable} -c '{SHORT}'", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "0123456789" * 3 + "\n" + "abc" * 9
