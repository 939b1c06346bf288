"""Models, and ways to paint without one, on the same drawings: what `rltn evaluate` does."""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from rltn_cli.choices import EvaluationProtocol, Finish
from rltn_cli.data.pairs import read_pairs
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.trunks import trunk_folder
from rltn_cli.engine.evaluation.aggregation import Kind, Row, Tally, tabulate
from rltn_cli.engine.evaluation.baselines import BASELINES
from rltn_cli.engine.evaluation.feature_networks import FeatureNetwork, load_inception, load_vgg16
from rltn_cli.engine.evaluation.lpips import Lpips, load_lpips
from rltn_cli.engine.evaluation.methods import Painter, folder_painter, model_painter
from rltn_cli.engine.evaluation.metrics import Figures, Truth, measure
from rltn_cli.engine.evaluation.protocols import EvaluationBatch, Trial, load, plan
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.runtime.processes import Processes, device_name
from rltn_cli.errors import RltnError, UsageError
from rltn_cli.imaging.pixels import Bytes, Floats

logger = logging.getLogger(__name__)

FID_PICTURES = 2048
"""Pictures below which FID is dominated by its bias: fewer than the features it is fitted to."""


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """One evaluation; the same configuration, data and weights give the same numbers."""

    data: str
    models: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Folders of pictures made by other programs, by the name of their row."""
    protocol: EvaluationProtocol = "nearest"
    split: str = "val"
    limit: int | None = None
    seed: int = 0
    batch: int = 8
    device: str = "auto"
    finish: Finish = "paint"
    """How models finish their pictures; see `rltn colorize`."""
    quick: bool = False
    """Leave out the figures that need networks of their own."""
    frozen: str | None = None
    """Folder of frozen trunks; otherwise what RLTN_FROZEN names."""
    inception: str | None = None
    """File of FID's Inception weights; otherwise they are fetched."""


@dataclass(frozen=True, slots=True)
class Judges:
    """The networks that judge pictures, where they can be had."""

    lpips: Lpips | None
    features: Mapping[str, FeatureNetwork]
    """`inception` and `vgg16`."""
    missing: Mapping[str, str]
    """Why a figure is not there, by its key."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result."""

    config: EvaluationConfig
    trials: Sequence[Trial]
    rows: Sequence[Row]
    figures: Mapping[str, Sequence[Figures]]
    """Of each picture, by method, in the order of the trials."""
    missing: Mapping[str, str]
    """Why a figure is not there, by its key."""
    warnings: Sequence[str]


class Evaluator:
    """Everything that an evaluation needs, checked before the first picture is painted."""

    def __init__(self, config: EvaluationConfig, *, offline: bool = False) -> None:
        """Choose the drawings and load what paints and judges them.

        Raises:
            RltnError: data, a model, a folder of outputs or a judge that was asked for cannot be used.
        """
        self.config = config
        self.trials = plan(
            read_pairs(Path(config.data)),
            config.protocol,
            split=config.split,
            limit=config.limit,
            seed=config.seed,
        )
        device = choose_device(device_name(config.device))
        self.processes = Processes.join(device)
        self.painters: dict[str, Painter] = {}
        self.kinds: dict[str, Kind] = {}
        for name in config.models:
            colorizer = Colorizer.from_pretrained(find_model(name, offline=offline), device=device)
            self._add(name, "model", model_painter(colorizer, config.finish))
        for name, folder in config.outputs.items():
            self._add(name, "outputs", folder_painter(Path(folder), [trial.pair for trial in self.trials]))
        for name, painter in BASELINES.items():
            self._add(name, "untrained", painter)
        self.judges = load_judges(config, device, offline=offline)

    def _add(self, name: str, kind: Kind, painter: Painter) -> None:
        if name in self.painters:
            raise UsageError(f"two methods are named {name!r}: give each a name of its own")
        self.painters[name], self.kinds[name] = painter, kind

    def run(self, progress: Callable[[int], None] | None = None) -> Evaluation:
        """Paint every drawing by every method and measure the pictures.

        Args:
            progress: called after every batch with the number of drawings done in it.

        Raises:
            DataError: a picture that cannot be read.
        """
        parts: list[_Part] = []
        for start in self.processes.share(range(0, len(self.trials), self.config.batch)):
            batch = load(self.trials[start : start + self.config.batch])
            truths = [Truth.of(*pair) for pair in zip(batch.truths, batch.sketches, strict=True)]
            parts.append(_Part(start, self._features(batch.references)))
            for name, paint in self.painters.items():
                images = paint(batch.sketches, batch.references, batch.ids).images
                figures = self._judge(images, batch, truths)
                parts[-1].tallies[name] = Tally(figures, self._features(images))
            if progress:
                progress(len(truths))
        tallies, references = _join(self.processes.gather(parts))
        rows = tabulate(tallies, references, self.kinds, [trial.pair.source for trial in self.trials])
        return Evaluation(
            config=self.config,
            trials=self.trials,
            rows=rows,
            figures={name: tally.figures for name, tally in tallies.items()},
            missing=self.judges.missing,
            warnings=self._warnings(),
        )

    def _features(self, pictures: Bytes) -> dict[str, list[Floats]]:
        """Return the features of pictures (N, 256, 256, 3) by network, one row a picture."""
        return {key: list(network(pictures)) for key, network in self.judges.features.items()}

    def _judge(self, images: Bytes, batch: EvaluationBatch, truths: Sequence[Truth]) -> list[Figures]:
        """Return the figures of a batch's pictures."""
        figures = [measure(*pair) for pair in zip(images, truths, strict=True)]
        if self.judges.lpips:
            to_reference = self.judges.lpips(images, batch.references)
            to_truth = self.judges.lpips(images, batch.truths)
            figures = [
                dataclasses.replace(figure, lpips_reference=a, lpips_truth=b)
                for figure, a, b in zip(figures, to_reference, to_truth, strict=True)
            ]
        return figures

    def _warnings(self) -> list[str]:
        """Return what a reader of the figures must know."""
        count = len(self.trials)
        if "inception" not in self.judges.features or count >= FID_PICTURES:
            return []
        return [
            f"FID over {count} pictures, fewer than its {FID_PICTURES} features, is far above its value over "
            "many, and by source still more so: compare it only between methods on the same pictures"
        ]


@dataclass(slots=True)
class _Part:
    """What was measured of one batch."""

    start: int
    references: dict[str, list[Floats]]
    """Features of the references, by network."""
    tallies: dict[str, Tally] = field(default_factory=dict)
    """By method."""


def _join(parts: Sequence[_Part]) -> tuple[dict[str, Tally], dict[str, list[Floats]]]:
    """Put the batches together in the order of the trials, whichever process measured them."""
    ordered = sorted(parts, key=lambda part: part.start)
    references = {
        key: [row for part in ordered for row in part.references[key]] for key in ordered[0].references
    }
    tallies = {
        name: Tally(
            [figure for part in ordered for figure in part.tallies[name].figures],
            {
                key: [row for part in ordered for row in part.tallies[name].features[key]]
                for key in references
            },
        )
        for name in ordered[0].tallies
    }
    return tallies, references


def load_judges(config: EvaluationConfig, device: torch.device, *, offline: bool = False) -> Judges:
    """Load the networks that judge pictures; one that cannot be had leaves its reason.

    Raises:
        RltnError: a judge whose folder or file was named cannot be used.
    """
    if config.quick:
        return Judges(None, {}, dict.fromkeys(_NETWORK_FIGURES, "left out by --quick"))
    frozen = Path(config.frozen) if config.frozen else None
    inception = Path(config.inception) if config.inception else None
    missing: dict[str, str] = {}
    features: dict[str, FeatureNetwork] = {}
    lpips: Lpips | None = None
    try:
        lpips = load_lpips(frozen, device, offline=offline)
    except RltnError as error:
        _note(error, ("lpips_reference", "lpips_truth"), missing, asked=trunk_folder(frozen) is not None)
    try:
        features["inception"] = load_inception(inception, device, offline=offline)
    except RltnError as error:
        _note(error, ("fid", "kid"), missing, asked=inception is not None)
    try:
        features["vgg16"] = load_vgg16(frozen, device)
    except RltnError as error:
        _note(error, ("fd_vgg16",), missing, asked=trunk_folder(frozen) is not None)
    return Judges(lpips, features, missing)


_NETWORK_FIGURES = ("fid", "kid", "fd_vgg16", "lpips_reference", "lpips_truth")


def _note(error: RltnError, figures: Sequence[str], missing: dict[str, str], *, asked: bool) -> None:
    """Write down why figures are missing; what the user asked for by name is an error."""
    if asked:
        raise error
    missing.update(dict.fromkeys(figures, str(error)))
    logger.warning("without %s: %s", " and ".join(figures), error)
