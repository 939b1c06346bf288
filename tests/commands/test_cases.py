"""Inputs that users of tools like this one had trouble with, each as a command treats it."""

import io
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from rltn_cli.cli import run

CASES = Path(__file__).parents[1] / "cases"
GOOD = {"sketch": "sketch.png", "ref": "ref.png"}


def colorize(tmp_path: Path, **names: str) -> tuple[int, Path]:
    """Paint a sketch of the cases like a reference of the cases, by a tiny size of the shipped network."""
    files = {part: str(CASES / name) for part, name in {**GOOD, **names}.items()}
    output = tmp_path / "x.png"
    arguments = [files["sketch"], "-r", files["ref"], "-o", str(output), "--size", "64", "--device", "cpu"]
    return run(["colorize", *arguments]), output


def ink_and_paper(path: Path) -> tuple[float, float]:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return float(np.percentile(picture, 1)), float(np.percentile(picture, 90))


@pytest.mark.parametrize("sketch", ["grey.psd", "float_overshoot.tif", "twelve_bit.tif", "faint_pencil.jpg"])
def test_sketches_that_are_painted(sketch: str, tmp_path: Path) -> None:
    code, output = colorize(tmp_path, sketch=sketch)
    assert code == 0
    ink, paper = ink_and_paper(output)
    assert paper > 120  # not nearly black
    assert paper - ink > 20  # and not blank


def test_margins_of_a_reference_change_little(tmp_path: Path) -> None:
    assert colorize(tmp_path)[0] == 0
    plain = cv2.imread(str((tmp_path / "x.png").rename(tmp_path / "plain.png")))
    code, output = colorize(tmp_path, ref="ref_margins.jpg")
    assert code == 0
    assert np.abs(cv2.imread(str(output)).astype(int) - plain).mean() < 12


@pytest.mark.parametrize("part", ["ref", "sketch"])
def test_damage_is_refused(part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = colorize(tmp_path, **{part: f"damaged_{part}.png"})
    assert code == 1
    assert not output.exists()
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert f"damaged_{part}.png: damaged or cut short" in message


def test_damage_is_refused_by_other_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["extract-lines", str(CASES / "damaged_sketch.png"), "-o", str(tmp_path / "l.png")]
    assert run([*lines, "--method", "xdog"]) == 1
    assert "damaged_sketch.png: damaged or cut short" in capsys.readouterr().err
    folder = tmp_path / "pairs" / "color"
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes((CASES / "damaged_ref.png").read_bytes())
    for name in "bcd":
        picture = cv2.imread(str(CASES / "ref.png"))
        cv2.imwrite(str(folder / f"{name}.png"), np.roll(picture, 40 * ord(name), axis=1))
    assert run(["evaluate", str(tmp_path / "pairs"), "--quick", "--device", "cpu"]) == 1
    assert "a.png: damaged or cut short" in capsys.readouterr().err
    train = ["train", str(tmp_path / "pairs"), "-o", str(tmp_path / "r"), "--init", "rltn-small"]
    assert run([*train, "--steps", "1", "--dry-run", "--lines", "xdog"]) == 0
    assert "a.png: damaged or cut short" in capsys.readouterr().err


def test_a_missing_end_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = colorize(tmp_path, sketch="no_end_marker.jpg")
    assert code == 0
    assert output.exists()
    assert "no_end_marker.jpg: " in capsys.readouterr().err


def dry_training(folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[dict, str]:
    arguments = ["train", str(CASES / folder), "-o", str(tmp_path / "r"), "--init", "rltn-small"]
    assert run([*arguments, "--steps", "1", "--dry-run", "--json"]) == 0
    printed = capsys.readouterr()
    return json.loads(printed.out), printed.err


def test_a_split_for_tests_is_not_trained_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, said = dry_training("test_split", tmp_path, capsys)
    assert (plan["pairs"], plan["held_back"]) == (6, 0)
    assert said == "rltn: 2 pairs of split 'test' are left out of training\n"


def test_pictures_side_by_side_are_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, said = dry_training("side_by_side", tmp_path, capsys)
    assert plan["pairs"] == 4
    assert "side_by_side: each picture holds colours and line art (right) side by side" in said


def test_pairs_without_an_index_are_all_evaluated(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(CASES / "pairs_plain"), "--quick", "--json", "--device", "cpu"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["pictures"], report["settings"]["split"], report["warnings"]) == (4, "train", [])


@pytest.mark.parametrize("split", [(), ("--split", "train")])
def test_line_art_of_other_names_is_refused(
    split: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(CASES / "pairs_mismatch"), "--quick", "--json", "--device", "cpu", *split]
    assert run(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "none of the 4 pictures in line/ has the name of one in color/ (0_line.png, " in printed.err


def test_a_list_of_find_print0(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    listed = (CASES / "list_nul.txt").read_bytes()
    monkeypatch.chdir(CASES)
    for options, code in ((), 2), (("-0",), 3):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(listed)))
        arguments = ["-", *options, "-r", "ref.png", "-o", str(tmp_path / "b"), "--size", "64"]
        assert run(["batch", *arguments, "--device", "cpu"]) == code
        said = capsys.readouterr().err
        if code == 2:
            assert (
                said == "rltn: standard input: names end in NUL bytes, as find -print0 writes them: add -0\n"
            )
    assert "dark_paper_85.png: there is no such file" in said  # the other one of the two is painted
    assert [path.name for path in tmp_path.rglob("*.png")] == ["sketch.png"]
