"""`rltn table2` from the command line: what it writes, skips, resumes and refuses."""

import contextlib
import json
import os
import shutil
import signal
import threading
from pathlib import Path

import pytest
from support.baselines import write_vgg16
from support.table2_set import OPTIONS, make_split_pairs

from rltn_cli.cli import run
from rltn_cli.engine.evaluation.evaluator import MetricNetworks
from rltn_cli.engine.table2 import session
from rltn_cli.engine.training.baselines.munit import MUNITObjective
from rltn_cli.imaging.files.pictures import read_picture

ROWS = ("--rows", "munit,drit")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_split_pairs(tmp_path_factory.mktemp("data") / "drawn")


@pytest.fixture(scope="module")
def made(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished table of two rows; tests copy it."""
    output = tmp_path_factory.mktemp("made") / "table"
    assert run(["table2", str(pairs), "-o", str(output), *OPTIONS, *ROWS, "--quiet"]) == 0
    return output


def tables(report: Path) -> str:
    """Return what a report says, but for the seconds that training took."""
    return report.read_text(encoding="utf-8").partition("## What each row costs")[0]


def test_a_table_has_a_row_a_method(made: Path) -> None:
    report = (made / "report.md").read_text(encoding="utf-8")
    assert "trained on 6 pictures of 64x64 pixels in batches of 2" in report
    assert [line.split(" |")[0] for line in report.splitlines() if line.startswith("| ")][:4] == [
        "| method", "| ---", "| MUNIT [3]", "| DRIT [4, 20]",
    ]  # fmt: skip
    assert "<td>MUNIT [3]</td>" in (made / "report.html").read_text(encoding="utf-8")
    sheet = read_picture(made / "sheet-drawn.png").pixels
    assert sheet.shape[1] == 5 * (192 + 6) + 6  # sketch, reference, two methods, target


def test_what_is_done_is_not_done_again(
    made: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = Path(shutil.copytree(made, tmp_path / "table"))
    (output / "report.md").unlink()
    row = output / "drawn" / "seed-0" / "munit"
    (row / "group.json").unlink()
    assert run(["table2", str(pairs), "-o", str(output), *OPTIONS, *ROWS]) == 0
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if "row " in line] == [
        "rltn: row 1 of 2: drawn, seed 0, munit: evaluating by group"
    ]
    assert (output / "report.md").read_bytes() == (made / "report.md").read_bytes()


def test_rows_of_other_settings_are_refused(
    made: Path, pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["table2", str(pairs), "-o", str(made), *OPTIONS, *ROWS, "--pictures", "8"]) == 1
    assert "munit holds a row with another steps (3, not 4): choose another folder" in capsys.readouterr().err
    assert run(["table2", str(pairs), "-o", str(made), *OPTIONS, *ROWS, "--precision", "bf16"]) == 1
    assert "munit holds a row with another precision (fp32, not bf16)" in capsys.readouterr().err


def test_killed_in_a_row_and_resumed_the_table_is_the_same(
    made: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    command = ["table2", str(pairs), "-o", str(broken), *OPTIONS, *ROWS, "--quiet"]
    plain, calls = MUNITObjective.translate, []

    def interrupting(self, part, noise):  # type: ignore[no-untyped-def]
        calls.append(part)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return plain(self, part, noise)

    with monkeypatch.context() as patch:
        patch.setattr(MUNITObjective, "translate", interrupting)
        assert run(command) == 130
    row = broken / "drawn" / "seed-0" / "munit"
    assert not (row / "model").exists()
    assert sorted(path.name for path in row.glob("step-*")) == ["step-00000002"]
    # a hard kill may leave steps that no state has
    with (row / "losses.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"step": 3, "loss/adv": 99}\n{"step": 4, "los')
    assert run(command) == 0
    assert tables(broken / "report.md") == tables(made / "report.md")
    for name in ("munit", "drit"):
        ours, theirs = (folder / "drawn" / "seed-0" / name for folder in (broken, made))
        assert (ours / "losses.jsonl").read_text() == (theirs / "losses.jsonl").read_text()
        assert (ours / "model" / "model.safetensors").read_bytes() == (
            theirs / "model" / "model.safetensors"
        ).read_bytes()


def test_processes_share_the_rows(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row at work elsewhere is passed over by one that `torchrun` started, and waited for by the first."""
    output = tmp_path / "table"
    command = ["table2", str(pairs), "-o", str(output), *OPTIONS, *ROWS, "--quiet"]
    munit = session.TableRequest((str(pairs),), output, ("munit",)).jobs()[0]
    for name, value in (("RANK", "1"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "1")):
        monkeypatch.setenv(name, value)
    with contextlib.ExitStack() as elsewhere:
        assert elsewhere.enter_context(session.claim(munit))
        assert run(command) == 0
        assert "WORLD_SIZE" not in os.environ
        assert trained_rows(output) == ["drit"]
        plain, seen = threading.Event.wait, []

        def give_up_row(self: threading.Event, timeout: float | None = None) -> bool:
            if timeout != session.POLL:
                return plain(self, timeout)
            seen.append(trained_rows(output))
            elsewhere.close()
            return False

        monkeypatch.setattr(threading.Event, "wait", give_up_row)
        monkeypatch.setenv("RANK", "0")
        assert run(command) == 0
    assert seen == [["drit"]]
    assert trained_rows(output) == ["drit", "munit"]
    assert (output / "report.md").is_file()
    assert not list(output.rglob(".rltn-lock*"))


def trained_rows(output: Path) -> list[str]:
    return sorted(path.parent.name for path in output.rglob("model"))


def test_a_missing_network_is_found_before_any_row_is_trained(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "table"
    monkeypatch.delenv("RLTN_FROZEN", raising=False)
    for rows in ("munit,scft", "adain", "rltn"):
        assert run(["table2", str(pairs), "-o", str(output), *OPTIONS, "--rows", rows]) == 1
        assert "the frozen network vgg16 is needed" in capsys.readouterr().err
    frozen = str(write_vgg16(tmp_path / "frozen"))
    measured = [option for option in OPTIONS if option != "--quick"]
    command = ["table2", str(pairs), "-o", str(output), *measured, "--rows", "munit,scft", "--frozen", frozen]
    assert run(command) == 1
    assert "alexnet_features.safetensors: no such file" in capsys.readouterr().err
    assert not output.exists()


def test_rows_are_measured_anew_once_a_network_is_there(
    made: Path,
    pairs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = Path(shutil.copytree(made, tmp_path / "table"))
    command = ["table2", str(pairs), "-o", str(output), *OPTIONS, *ROWS]
    reasons = dict.fromkeys(("fid", "kid", "fd_vgg16"), "unavailable")
    with monkeypatch.context() as patched:
        found = MetricNetworks(None, {}, reasons)
        patched.setattr(session, "load_metric_networks", lambda *_, **__: found)
        assert run(command) == 0
    said = capsys.readouterr().err
    assert "training" not in said
    assert said.count("evaluating by") == 6
    assert run(command) == 0
    assert "evaluating by" not in capsys.readouterr().err


def test_a_dry_run_names_rows_and_writes_nothing(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "table"
    assert run(["table2", str(pairs), "-o", str(output), *OPTIONS, *ROWS, "--seeds", "2", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[0].split()[:4] == ["drawn", "seed", "0", "munit"]
    assert "MiB" in lines[0]
    assert "training 0:" in lines[0] and "evaluation 0:" in lines[0]
    assert lines[-1].startswith("4 rows of 3 steps in fp32: 0:")
    assert not output.exists()


def test_peoples_marks_become_table_3(made: Path, pairs: Path, tmp_path: Path) -> None:
    marks = {
        "format": "rltn-study-1", "study": "s", "data": "drawn", "participant": "p",
        "ratings": [{"trial": "t", "method": "MUNIT [3]", "quality": 4, "similarity": 6}],
    }  # fmt: skip
    file, output = tmp_path / "marks.json", Path(shutil.copytree(made, tmp_path / "table"))
    file.write_text(json.dumps(marks), encoding="utf-8")
    command = ["table2", str(pairs), "-o", str(output), *OPTIONS, *ROWS, "--quiet"]
    assert run([*command, "--study-results", str(file)]) == 0
    assert "| MUNIT [3] | 4.00 | 6.00 |" in (output / "report.md").read_text(encoding="utf-8")
    assert "Table 3" in (output / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message", "code"),
    [
        (["--rows", "pix2pix"], "no row 'pix2pix'", 2),
        (["--size", "100"], "multiple of 16", 1),
        (["--preset", "base"], "base is RLTN's alone", 1),
    ],
)
def test_what_cannot_be_trained_is_refused(
    change: list[str],
    message: str,
    code: int,
    pairs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["table2", str(pairs), "-o", str(tmp_path / "t"), *OPTIONS, *change]) == code
    assert message in capsys.readouterr().err


def test_data_need_two_splits_and_a_name_each(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "t")
    assert run(["table2", str(pairs), str(pairs), "-o", output, *OPTIONS]) == 2
    assert "two sets of data have the same name" in capsys.readouterr().err
    other = make_split_pairs(tmp_path / "unsplit")
    index = other / "index.csv"
    index.write_text(index.read_text().replace(",val,", ",train,"))
    assert run(["table2", str(other), "-o", output, *OPTIONS]) == 1
    assert "no pairs of split 'val'" in capsys.readouterr().err
