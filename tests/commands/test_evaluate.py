import json
import shutil
from pathlib import Path

import cv2
import pytest
import torch
from support.processes import run_in_two

from rltn_cli.cli import run
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    torch.manual_seed(0)
    return str(save_model(RLTN(PRESETS["tiny"]), tmp_path / "tiny"))


def evaluate(folder: Path, *options: str) -> int:
    """Run `rltn evaluate` without networks that judge."""
    return run(["evaluate", str(folder), "--quick", "--device", "cpu", *options])


def test_a_report_of_a_model(
    pairs_folder: Path, tiny: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report"
    assert evaluate(pairs_folder, "-m", tiny, "--protocol", "group", "--limit", "2", "-o", str(report)) == 0
    printed = capsys.readouterr()
    assert printed.err == f"rltn: {report}: the report is there\n"
    assert printed.out == (report / "report.md").read_text(encoding="utf-8")
    facts = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert [method["name"] for method in facts["methods"]][:2] == [tiny, "white page"]
    assert facts["pictures"] == 2
    (sheet,) = report.glob("sheet-1-*.png")
    picture = cv2.imread(str(sheet))
    assert picture is not None
    assert picture.shape[1] > 5 * 256


def test_json_is_all_that_is_printed(pairs_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--outputs", f"truth={pairs_folder / 'color'}", "--limit", "2", "--json")
    assert evaluate(pairs_folder, *options) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["methods"][0]["name"] == "truth"
    assert facts["methods"][0]["color_error"]["overall"] == 0


def test_a_dry_run_paints_nothing(
    pairs_folder: Path, tiny: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report"
    assert evaluate(pairs_folder, "-m", tiny, "--protocol", "self", "-n", "-o", str(report)) == 0
    assert "drawings   6" in capsys.readouterr().out
    assert not report.exists()


def test_an_existing_report_is_kept(
    pairs_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.json").write_text("mine", encoding="utf-8")
    assert evaluate(pairs_folder, "-o", str(tmp_path)) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / "report.json").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("-m", "no-such-model"), 1, "no-such-model"),
        (("--split", "test"), 1, "there are: train, val"),
        (("--split", "train"), 1, "at least two"),
        (("--outputs", "folder"), 2, "NAME=DIR"),
        (("--outputs", "a=b", "--outputs", "a=c"), 2, "twice"),
        (("--outputs", "a=nowhere"), 1, "nowhere: no such folder"),
        (("--protocol", "other"), 2, "other"),
        (("--limit", "0"), 2, "limit"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    pairs_folder: Path, options: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(pairs_folder, "--offline", *options) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert words in printed.err


def test_a_missing_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(tmp_path / "nowhere") == 1
    assert "nowhere: there is no such folder" in capsys.readouterr().err


def test_pictures_without_mates_are_named(pairs_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pairs_folder / "index.csv").unlink()
    assert evaluate(pairs_folder, "--split", "train", "--protocol", "group") == 1
    assert "index.csv" in capsys.readouterr().err


def test_lines_of_other_proportions_are_named(
    pairs_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = pairs_folder / "line" / "fox-1.png"
    picture = cv2.imread(str(line))
    assert picture is not None
    cv2.imwrite(str(line), picture[:100])
    assert evaluate(pairs_folder, "--outputs", f"truth={pairs_folder / 'color'}", "--protocol", "group") == 1
    assert "fox-1.png is 256x100" in capsys.readouterr().err


def test_two_processes_give_the_report_of_one(pairs_folder: Path, tiny: str, tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    options = ["evaluate", str(pairs_folder), "-m", tiny, "--quick", "--protocol", "self", "--device", "cpu"]
    options += ["-q", "--batch", "1", "--limit", "2", "-o"]
    assert run([*options, str(tmp_path / "one")]) == 0
    results = run_in_two([*options, str(tmp_path / "two")], tmp_path)
    assert [result.returncode for result in results] == [0, 0], results
    one, two = ((tmp_path / name / "report.json").read_bytes() for name in ("one", "two"))
    assert one == two


def test_several_folders_of_pairs_stand_side_by_side(pairs_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(pairs_folder, other)
    report = tmp_path / "report"
    options = [
        "--outputs",
        f"truth={pairs_folder / 'color'}",
        "--limit",
        "2",
        "--quick",
        "--device",
        "cpu",
        "-q",
    ]
    assert run(["evaluate", str(pairs_folder), str(other), *options, "-o", str(report)]) == 0
    assert (report / "pairs" / "report.html").exists()
    assert (report / "other" / "report.json").exists()
    text = (report / "report.md").read_text(encoding="utf-8")
    assert (
        "| method | pairs FID | pairs LPIPS reference | pairs colour error | pairs region accuracy | other"
        in text
    )
    assert "| truth | - | - | 0.00 | 1.000 | - | - | 0.00 | 1.000 |" in text


def test_two_folders_of_one_name_are_refused(
    pairs_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "elsewhere" / "pairs"
    shutil.copytree(pairs_folder, other)
    assert run(["evaluate", str(pairs_folder), str(other), "-o", str(tmp_path / "report")]) == 2
    assert "same name" in capsys.readouterr().err


def test_a_study_page_and_its_results(
    pairs_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "study.html"
    options = ("--outputs", f"truth={pairs_folder / 'color'}", "--study", str(page), "--study-pictures", "2")
    assert evaluate(pairs_folder, *options) == 0
    assert "study.html" in capsys.readouterr().err
    text = page.read_text(encoding="utf-8")
    study = json.loads(text.split('id="study">')[1].split("</script>")[0])
    assert evaluate(pairs_folder, *options) == 1
    assert "--overwrite" in capsys.readouterr().err
    for person, mark in (("ann", 8), ("bob", 6)):
        marks = {"trial": study["trials"][0]["id"], "method": "truth", "quality": mark, "similarity": 5}
        facts = {key: study[key] for key in ("format", "data")} | {
            "study": study["id"],
            "participant": person,
        }
        (tmp_path / f"{person}.json").write_text(json.dumps(facts | {"ratings": [marks]}), encoding="utf-8")
    files = [str(path) for path in sorted(tmp_path.glob("*.json"))]
    assert run(["evaluate", "--study-results", *files]) == 0
    assert "| truth | 7.00 ± 12.71 | 5.00 ± 0.00 |" in capsys.readouterr().out
    assert run(["evaluate", "--study-results", *files, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] == 2


def test_results_of_another_study_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marks = [{"trial": "a", "method": "net", "quality": 8, "similarity": 5}]
    for name in ("one", "two"):
        facts = {
            "format": "rltn-study-1",
            "study": name,
            "data": "lines",
            "participant": name,
            "ratings": marks,
        }
        (tmp_path / f"{name}.json").write_text(json.dumps(facts), encoding="utf-8")
    assert run(["evaluate", "--study-results", *map(str, sorted(tmp_path.glob("*.json")))]) == 1
    assert "results of another study" in capsys.readouterr().err
