"""Tables that go on: the precision of their rows, and what earlier versions saved."""

from pathlib import Path

import pytest
import torch

from rltn_cli.choices import TablePrecision
from rltn_cli.config_files import to_json
from rltn_cli.engine.table2.jobs import Job, Measurement
from rltn_cli.engine.table2.rows import Budget, row_config
from rltn_cli.engine.table2.session import settle_precision
from rltn_cli.engine.training.settings import settings_to_json
from rltn_cli.errors import OutputError


@pytest.mark.parametrize(
    ("asked", "native", "chosen"),
    [
        (None, True, "bf16"),
        (None, False, "fp32"),
        ("auto", True, "bf16"),
        ("fp32", True, "fp32"),
        ("bf16", False, "bf16"),
    ],
)
def test_precision_is_chosen_as_for_a_run_and_kept(
    asked: TablePrecision | None, native: bool, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capabilities = {"avx512_bf16": native, "amx_bf16": False}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert settle_precision(asked, tmp_path, "cpu") == chosen
    row = tmp_path / "data" / "seed-0" / "munit"
    row.mkdir(parents=True)
    for begun in ("fp32", "bf16"):
        config = row_config("munit", "data", 0, Budget(precision=begun))
        (row / "config.json").write_text(to_json(config))
        assert settle_precision(None, tmp_path, "cpu") == begun
        assert settle_precision(asked or "auto", tmp_path, "cpu") == chosen


def test_a_row_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    """Its configuration has settings of RLTN's that do not act."""
    job = Job("scft", "data", 0, tmp_path, Budget(), Measurement())
    (tmp_path / "config.json").write_text(to_json(job.config))
    job.check()
    (tmp_path / "config.json").write_text(settings_to_json(job.config))
    job.check()
    other = Job("scft", "data", 0, tmp_path, Budget(batch=2), Measurement())
    with pytest.raises(OutputError, match="another steps"):
        other.check()
