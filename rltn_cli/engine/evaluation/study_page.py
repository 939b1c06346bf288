"""The user study of the paper (section 3.2) as one page: marks from 0 to 10 for quality and similarity."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rltn_cli.engine.evaluation.evaluator import Evaluator
from rltn_cli.engine.evaluation.protocols import load, spread
from rltn_cli.engine.evaluation.report_page import embed_json, fill_page, to_data_uri
from rltn_cli.errors import UsageError

FORMAT = "rltn-study-1"
"""Version of the contents of page and results file."""
MOST_METHODS = 26
"""The versions of a drawing are named by letters."""


def make_study(evaluator: Evaluator, *, pictures: int = 20) -> str:
    """Paint drawings by every model and folder of outputs, and return a page that asks people about them.

    The page shows the versions of a drawing without names, in a random order that differs from person to
    person.

    Args:
        evaluator: its data, protocol, seed and methods are the study's.
        pictures: number of drawings to ask about, taken evenly from the sources.

    Raises:
        UsageError: no method to ask about, or more than a page can show.
    """
    names = [name for name, kind in evaluator.kinds.items() if kind != "untrained"]
    if not 1 <= len(names) <= MOST_METHODS:
        raise UsageError(
            f"a study compares 1 to {MOST_METHODS} methods, not {len(names)}: see --model and --outputs"
        )
    samples = spread(evaluator.samples, pictures, evaluator.config.seed)
    shown = []
    for start in range(0, len(samples), evaluator.config.batch):
        batch = load(samples[start : start + evaluator.config.batch])
        images = [
            evaluator.methods[name](batch.sketches, batch.references, batch.ids).images for name in names
        ]
        shown += [
            {
                "id": name,
                "sketch": to_data_uri(np.repeat(batch.sketches[i][..., None], 3, axis=2)),
                "reference": to_data_uri(batch.references[i]),
                "outputs": [to_data_uri(painted[i]) for painted in images],
            }
            for i, name in enumerate(batch.ids)
        ]
    return fill_page("study.html", study=embed_json(_study(evaluator, names, shown)))


def _study(evaluator: Evaluator, names: Sequence[str], shown: Sequence[object]) -> dict[str, object]:
    """Return the data of the page; its id depends on every picture and name in it."""
    content = json.dumps([names, shown]).encode()
    return {
        "format": FORMAT,
        "id": hashlib.sha256(content).hexdigest()[:16],
        "data": Path(evaluator.config.data).name or evaluator.config.data,
        "methods": names,
        "trials": shown,
    }
