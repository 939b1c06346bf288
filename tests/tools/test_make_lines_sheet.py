import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def sheet(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    import make_lines_sheet

    yield make_lines_sheet
    sys.modules.pop("make_lines_sheet")


def test_cells_are_squares_and_keep_thin_lines_dark(sheet):
    lines = np.full((1200, 960), 255, np.uint8)
    lines[::120] = 0
    cell = np.asarray(sheet.shown(lines))
    assert cell.shape == (sheet.CELL, sheet.CELL, 3)
    assert (cell.min(axis=(1, 2)) < 160).sum() == 8
    assert sheet.shown(np.zeros((50, 80, 3), np.uint8)).size == (sheet.CELL, sheet.CELL)


def test_rows_are_laid_out_in_blocks(sheet):
    cells = [[Image.new("RGB", (sheet.CELL, sheet.CELL), (40 * row, 0, 0))] * 2 for row in range(3)]
    page = np.asarray(sheet.lay_out(cells, ["colour", "xdog"]))
    step = sheet.CELL + sheet.GAP
    assert page.shape[0] == sheet.HEADING + 2 * step + sheet.GAP
    left, right = sheet.GAP + 9, page.shape[1] // 2 + sheet.GAP + 9
    assert page[sheet.HEADING + 9, left, 0] == 0
    assert page[sheet.HEADING + step + 9, left, 0] == 40
    assert page[sheet.HEADING + 9, right, 0] == 80


def test_the_sheet_shows_ten_pictures_and_the_page_names_what_is_not_ours(sheet):
    page = (TOOLS.parent / "docs" / "extract-lines.md").read_text(encoding="utf-8")
    assert 3 + len(sheet.EXAMPLES) + len(sheet.OPENLINES) == 10
    for author in ("David Revoy", "Zikri Kader", "Lisa Wischofsky", "architetto francesco rollandin"):
        assert author in page
    with Image.open(TOOLS.parent / "docs" / "extract-lines.webp") as picture:
        assert picture.size[0] == 2 * (5 * (sheet.CELL + sheet.GAP) + 2 * sheet.GAP)
