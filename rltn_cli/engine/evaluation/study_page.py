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
"""Version of what page and results file hold."""
MOST_METHODS = 26
"""Versions of one drawing are named by letters."""


def make_study(evaluator: Evaluator, *, pictures: int = 20) -> str:
    """Paint drawings by every model and folder of outputs and return the page that asks people about them.

    The page shows the versions of a drawing in a random order of each person's own, without names.

    Args:
        evaluator: its data, protocol, seed and methods are the study's.
        pictures: drawings to ask about, taken evenly from the sources.

    Raises:
        UsageError: no method to ask about, or more than a page can show.
    """
    methods = [name for name, kind in evaluator.kinds.items() if kind != "untrained"]
    if not 1 <= len(methods) <= MOST_METHODS:
        raise UsageError(
            f"a study compares 1 to {MOST_METHODS} methods, not {len(methods)}: see --model and --outputs"
        )
    trials = spread(evaluator.trials, pictures, evaluator.config.seed)
    facts = []
    for start in range(0, len(trials), evaluator.config.batch):
        batch = load(trials[start : start + evaluator.config.batch])
        images = [
            evaluator.painters[name](batch.sketches, batch.references, batch.ids).images for name in methods
        ]
        facts += [
            {
                "id": name,
                "sketch": to_data_uri(np.repeat(batch.sketches[i][..., None], 3, axis=2)),
                "reference": to_data_uri(batch.references[i]),
                "outputs": [to_data_uri(painted[i]) for painted in images],
            }
            for i, name in enumerate(batch.ids)
        ]
    return fill_page("study.html", study=embed_json(_study(evaluator, methods, facts)))


def _study(evaluator: Evaluator, methods: Sequence[str], facts: Sequence[object]) -> dict[str, object]:
    """Return what the page works from; its id changes with every picture and name in it."""
    content = json.dumps([methods, facts]).encode()
    return {
        "format": FORMAT,
        "id": hashlib.sha256(content).hexdigest()[:16],
        "data": Path(evaluator.config.data).name or evaluator.config.data,
        "methods": methods,
        "trials": facts,
    }
