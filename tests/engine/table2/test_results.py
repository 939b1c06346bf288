"""The report of a table, made of what rows have left in their folders."""

import json
import re
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

from rltn_cli.baseline_config import TERM_WEIGHTS
from rltn_cli.engine.checkpoints.header import hash_weights
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.engine.evaluation.aggregation import METRICS
from rltn_cli.engine.evaluation.report import markdown_table
from rltn_cli.engine.table2.jobs import LOSSES, PROTOCOLS, Job, Measurement
from rltn_cli.engine.table2.results import describe, make_settings_table, make_tables, to_markdown, to_page
from rltn_cli.engine.table2.rows import ROWS, Budget, row_config
from rltn_cli.engine.table2.sheet import lay_out
from rltn_cli.engine.training.baselines import adain, drit, munit, scft
from rltn_cli.models.architectures import build_network


def finished(folder: Path, row: str, seed: int, scores: dict[str, float]) -> Job:
    """Return a job whose folder says that it was trained and evaluated with some scores."""
    budget = Budget(pictures=4, size=64, batch=2, preset="tiny")
    job = Job(row, "data", seed, folder / "data" / f"seed-{seed}" / row, budget, Measurement())
    save_model(build_network(job.config.fresh_network()), job.model)
    (job.model / "README.md").write_text("card")
    state = job.folder / "step-00000002"
    state.mkdir()
    (state / "state.json").write_text(json.dumps({"step": 2, "seconds": 30 + 20 * seed}))
    losses = [{"step": step, "loss/adv": 1.0, "loss/scl": 0.25 * step} for step in (1, 2)]
    (job.folder / LOSSES).write_text("".join(json.dumps(entry) + "\n" for entry in losses))
    method = {key: {"overall": scores[key]} if key in scores else None for key in METRICS}
    report = {"methods": [method], "missing": {"fid": "no <weights>"}, "pictures": 7}
    for protocol in PROTOCOLS:
        kept = {
            "model_sha256": hash_weights(job.model),
            "measurement": {"limit": 150, "quick": False, "inception": None, "offline": False},
            "report": report,
        }
        (job.folder / f"{protocol}.json").write_text(json.dumps(kept))
    return job


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    return [
        finished(tmp_path, row, seed, {"fd_vgg16": first + seed, "lpips_reference": 0.5, "color_error": 9})
        for row, first in (("munit", 20.0), ("rltn", 10.0))
        for seed in (0, 1)
    ]


def test_seeds_are_averaged_and_their_deviation_is_stated(jobs: list[Job]) -> None:
    paper, group, _, costs, settings = make_tables(jobs)
    assert paper.head == ["method", "data FD-VGG16", "data LPIPS reference"]
    assert paper.body == [
        ["MUNIT [3]", "20.50 ± 0.71", "0.500 ± 0.000"],
        ["RLTN", "10.50 ± 0.71", "0.500 ± 0.000"],
    ]
    assert group.head == ["method", "data colour error"]  # metrics that nobody has get no column
    assert [line[0] for line in costs.body] == ["MUNIT [3]", "RLTN"]
    assert [line[3:] for line in costs.body] == [["40", "0.3750"]] * 2
    assert [line[0] for line in settings.body] == ["MUNIT [3]", "RLTN"]


def test_the_documented_settings_are_those_of_the_rows() -> None:
    table = make_settings_table({row: row_config(row, "data", 0, Budget()) for row in ROWS})
    page = Path(__file__).resolve().parents[3] / "docs" / "table2.md"
    assert markdown_table(table.head, table.body) in page.read_text(encoding="utf-8")
    assert table.body[0] == ["AdaIN [19]", "0.0001", "0.9, 0.999", "-", "content 1, style 10"]


def test_every_term_of_the_compared_methods_is_documented_with_its_function() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "table2.md").read_text(encoding="utf-8")
    for name, module in (("AdaIN", adain), ("MUNIT", munit), ("DRIT", drit), ("SCFT", scft)):
        table = page.partition(f"| {name}'s term |")[2].partition("\n\n")[0]
        rows = [line.split("|") for line in table.splitlines()[2:]]
        assert {row[1].strip(" `") for row in rows} == {*TERM_WEIGHTS[name.lower()], "their sum"}
        for function in (found for row in rows for found in re.findall(r"`([\w.]+)`", row[3])):
            if not function.endswith(".py"):
                attrgetter(function)(module)


def test_one_seed_has_no_deviation(jobs: list[Job]) -> None:
    paper, *_ = make_tables([job for job in jobs if job.seed == 0])
    assert paper.body[0] == ["MUNIT [3]", "20.00", "0.500"]


def test_the_report_says_how_rows_were_made_and_what_is_missing(jobs: list[Job]) -> None:
    notes = describe(jobs)
    assert "4 pictures of 64x64 pixels in batches of 2" in notes[0]
    assert "in fp32 by each of 2 seeds" in notes[0]
    assert notes[2].endswith("begin after 1 of 2 steps.")
    assert not any("begin after" in note for note in describe(jobs[:2]))  # MUNIT alone
    assert "Without FID: no <weights>." in notes
    assert notes[-1] == "Drawings measured: data 7."
    text = to_markdown(make_tables(jobs), notes, "| a | b |")
    assert text.index("## Table 2") < text.index("## Table 3")
    page = to_page(make_tables(jobs), notes, "", {"data": np.zeros((4, 4, 3), np.uint8)})
    assert "no &lt;weights&gt;" in page
    assert "<td>20.50 ± 0.71</td>" in page
    assert "data:image/webp;base64," in page


def test_an_evaluation_of_other_weights_or_settings_does_not_count(jobs: list[Job]) -> None:
    job = jobs[0]
    assert job.evaluation("group") is not None
    others = Job(job.row, job.data, job.seed, job.folder, job.budget, Measurement(limit=3))
    assert others.evaluation("group") is None
    save_model(build_network(job.config.fresh_network()), job.model)
    assert job.evaluation("group") is None


def test_losses_that_no_state_has_do_not_count(jobs: list[Job]) -> None:
    job = jobs[0]
    with (job.folder / LOSSES).open("a") as log:
        log.write('{"step": 3, "loss/scl": 9}\n{"step": 4, "lo')
    assert [entry["step"] for entry in job.losses()] == [1, 2]


def test_a_sheet_has_a_column_a_method() -> None:
    grey, black = (np.full((2, 256, 256, 3), value, np.uint8) for value in (128, 0))
    sheet = lay_out({"grey": grey, "black": black})
    assert sheet.shape == (20 + 2 * 198 + 6, 2 * 198 + 6, 3)
    assert sheet[100, 100].tolist() == [128] * 3
    assert sheet[100, 300].tolist() == [0] * 3
    assert lay_out({"grey": grey}, 64).shape == (20 + 2 * 70 + 6, 70 + 6, 3)
