"""`rltn touch-up`: what is printed, what is refused, and that a killed server loses nothing."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.painted import painting

from rltn_cli.cli import run
from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.saved import open_painting, save_painting


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with out.rltn."""
    monkeypatch.chdir(tmp_path)
    save_painting(tmp_path / "out.rltn", painting(), FinishOptions("flat"))
    return tmp_path


FIX = {"region": 2, "color": "#00c800", "alike": False, "map": 1}


@contextmanager
def served() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command in a process of its own, and yield it with the address that it prints."""
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from rltn_cli.__main__ import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "touch-up", "out.rltn", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    try:
        assert process.stdout
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def post(address: str, name: str, values: object = None) -> dict[str, object]:
    origin = address.rpartition("/")[0].rpartition("/")[0]
    headers = {"Origin": origin, "X-Tab": "tab-number-one"}
    request = urllib.request.Request(address + name, json.dumps(values or {}).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def test_a_killed_server_loses_nothing_and_done_ends_it(desk: Path) -> None:
    with served() as (process, address):
        assert address.startswith("http://127.0.0.1:") and address.endswith("/") and len(address) > 50
        state = post(address, "pages/1/fix", FIX)
        process.kill()
        process.wait()
    with served() as (process, address):
        with urllib.request.urlopen(address + "pages/1/state.json", timeout=20) as answer:
            again = json.load(answer)
        assert again["colors"] == state["colors"] and again["unsaved"]
        post(address, "pages/1/save")
        post(address, "done")
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said == "rltn: out.rltn: going on with 1 steps that were kept\n"
    assert [fix.color for fix in open_painting(desk / "out.rltn")[1].fixes] == [(0, 200, 0)]
    assert [path.name for path in desk.iterdir()] == ["out.rltn"]


def test_ctrl_c_ends_it_and_tells_what_is_not_saved(desk: Path) -> None:
    with served() as (process, address):
        post(address, "pages/1/fix", FIX)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0 and "not all is saved yet" in said and said.count("\n") == 1
    assert (desk / "out.rltn.journal").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("none.rltn",), 1, "none.rltn: cannot be read"),
        ((".", "--ref", "a.png"), 2, "--ref has no effect on ."),
        (("empty",), 2, "there is no saved painting (.rltn) in this folder"),
        (("out.rltn", "--ref", "a.png"), 2, "--ref has no effect on out.rltn"),
        (("out.rltn", "--save", "b.rltn"), 2, "--save has no effect on out.rltn"),
        (("out.rltn", "--size", "256"), 2, "--size has no effect on out.rltn"),
        ((".", "--model", "rltn-small"), 2, "--model has no effect on ., which is already painted"),
        (("out.rltn", "--device", "cpu"), 2, "--device has no effect on out.rltn"),
        (("sketch.png",), 2, "to paint it first, name a picture with --ref"),
        (("out.png", "-r", "a.png"), 2, "out.rltn exists already"),
        (("sketch.png", "-r", "a.png", "--save", "b.png"), 2, "paintings are saved as .rltn"),
        (("sketch.png", "-r", "a.png"), 1, "sketch.png"),
        (("out.rltn", "--port", "70000"), 2, "'--port'"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_one_line(
    desk: Path, arguments: tuple[str, ...], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "empty").mkdir()
    assert run(["touch-up", *arguments, "--no-open"]) == code
    said = capsys.readouterr().err
    assert message in said and said.startswith("rltn: ") and said.count("\n") == 1
    assert sorted(path.name for path in desk.rglob("*")) == ["empty", "out.rltn"]


def test_without_the_extra_it_is_one_line(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["touch-up", "out.rltn"]) == 2
    assert "uvicorn is needed" in (said := capsys.readouterr().err) and "rltn[page]" in said


def test_a_port_that_is_taken_is_one_line(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(["touch-up", "out.rltn", "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot be used" in capsys.readouterr().err


def test_it_needs_no_torch_for_a_saved_painting(desk: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import rltn_cli.cli, rltn_cli.touch_up.serving as serving;"
        "chapter = serving.chapter_of(Path('out.rltn')); desk = chapter.desk(1); desk.fix(2, '#000000');"
        "desk.picture(); chapter.close();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
