from pathlib import Path

import numpy as np

from rltn_cli.engine.evaluation.best_and_worst import show
from rltn_cli.engine.evaluation.contact_sheet import caption, draw_sheet
from rltn_cli.engine.evaluation.evaluator import EvaluationConfig, Evaluator


def test_the_sheet_shows_the_pictures(pairs_folder: Path) -> None:
    evaluator = Evaluator(EvaluationConfig(str(pairs_folder), protocol="group", limit=3, quick=True))
    gallery = show(evaluator.run(), "same position", evaluator.methods["same position"], each=1)
    sheet = draw_sheet(gallery)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (22 + 3 * 286, 5 * 264 + 8, 3)
    orange = (sheet == (230, 120, 60)).all(axis=2).sum()
    assert orange > 5000  # a reference, an output and a truth at least
    assert caption(gallery[0]).startswith("best: colour error ")
    assert f"{gallery[0].sample.pair.id} by {gallery[0].sample.reference.id}" in caption(gallery[0])
