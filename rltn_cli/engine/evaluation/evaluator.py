"""What `rltn evaluate` does: models, and methods without training, paint the same drawings."""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from rltn_cli.choices import EvaluationProtocol, Finish, Lines, PaintingPrecision
from rltn_cli.data.check.dataset import find_strays
from rltn_cli.data.pairs import Pair
from rltn_cli.data.recipes import read_data
from rltn_cli.data.splits import describe_unknown, split_of, split_to_measure
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.trunks import trunk_folder
from rltn_cli.engine.evaluation.aggregation import MethodKind, Row, Tally, tabulate
from rltn_cli.engine.evaluation.baselines import BASELINES
from rltn_cli.engine.evaluation.feature_networks import FeatureNetwork, load_inception, load_vgg16
from rltn_cli.engine.evaluation.lpips import Lpips, load_lpips
from rltn_cli.engine.evaluation.methods import Method, make_folder_method, make_model_method
from rltn_cli.engine.evaluation.metrics import Metrics, Target, measure
from rltn_cli.engine.evaluation.protocols import EvaluationBatch, EvaluationSample, load, plan
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.runtime.processes import Processes, device_name
from rltn_cli.errors import RltnError, UsageError
from rltn_cli.imaging.pixels import Bytes, Floats

logger = logging.getLogger(__name__)

FID_PICTURES = 2048
"""With fewer pictures FID is dominated by its bias: they are fewer than the features it is fitted to."""


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """One evaluation; the same configuration, data and weights give the same numbers."""

    data: str
    models: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Folders of pictures made by other programs, by the name of their row."""
    protocol: EvaluationProtocol = "nearest"
    split: str = ""
    """The split to evaluate on; empty is `val`, or all pairs where they are all in one split."""
    limit: int | None = None
    seed: int = 0
    batch: int = 8
    device: str = "auto"
    precision: PaintingPrecision = "auto"
    """In which models paint."""
    finish: Finish = "paint"
    """How models finish their pictures, as in `rltn colorize`."""
    lines: Lines = "keep"
    """Whose lines lie on models' pictures, as in `rltn colorize`."""
    untrained: bool = True
    """Whether the methods without training have rows."""
    quick: bool = False
    """Leave out the metrics that need networks of their own."""
    frozen: str | None = None
    """Folder of frozen networks; otherwise the one that RLTN_FROZEN names."""
    inception: str | None = None
    """File of FID's Inception weights; otherwise they are downloaded."""


@dataclass(frozen=True, slots=True)
class MetricNetworks:
    """The networks that metrics need, as far as they are available."""

    lpips: Lpips | None
    features: Mapping[str, FeatureNetwork]
    """By name, `inception` or `vgg16`."""
    missing: Mapping[str, str]
    """Why a metric is unavailable, by its key."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result."""

    config: EvaluationConfig
    samples: Sequence[EvaluationSample]
    rows: Sequence[Row]
    metrics: Mapping[str, Sequence[Metrics]]
    """Of each picture, by method, in the order of the samples."""
    missing: Mapping[str, str]
    """Why a metric is unavailable, by its key."""
    warnings: Sequence[str]


class Evaluator:
    """Everything that an evaluation needs, checked before the first picture is painted."""

    def __init__(self, config: EvaluationConfig, *, offline: bool = False) -> None:
        """Choose the drawings, and load the methods and the networks that measure them.

        Raises:
            RltnError: data, a model, a folder of outputs or a named network cannot be used.
        """
        pairs = read_data([config.data])
        split = split_of(config.split) if config.split else split_to_measure(pairs)
        self.config = config = dataclasses.replace(config, split=split)
        self.samples = plan(pairs, config.protocol, split=split, limit=config.limit, seed=config.seed)
        self._notes = _describe_data(pairs, self.samples)
        for note in self._notes:
            logger.warning("%s", note)
        device = choose_device(device_name(config.device))
        self.processes = Processes.join(device)
        self.methods: dict[str, Method] = {}
        self.kinds: dict[str, MethodKind] = {}
        for name in config.models:
            colorizer = Colorizer.from_pretrained(
                find_model(name, offline=offline), device=device, precision=config.precision
            )
            self._add(name, "model", make_model_method(colorizer, config.finish, config.lines))
        for name, folder in config.outputs.items():
            self._add(
                name, "outputs", make_folder_method(Path(folder), [sample.pair for sample in self.samples])
            )
        for name, method in BASELINES.items() if config.untrained else ():
            self._add(name, "untrained", method)
        self.networks = load_metric_networks(config, device, offline=offline)

    def _add(self, name: str, kind: MethodKind, method: Method) -> None:
        if name in self.methods:
            raise UsageError(f"two methods are named {name!r}: give each its own name")
        self.methods[name], self.kinds[name] = method, kind

    def run(self, progress: Callable[[int], None] | None = None) -> Evaluation:
        """Paint every drawing by every method and measure the pictures.

        Args:
            progress: called after every batch with the number of drawings done in it.

        Raises:
            DataError: a picture that cannot be read.
        """
        parts: list[_Part] = []
        for start in self.processes.share(range(0, len(self.samples), self.config.batch)):
            batch = load(self.samples[start : start + self.config.batch])
            targets = [Target.of(*pair) for pair in zip(batch.targets, batch.sketches, strict=True)]
            parts.append(_Part(start, self._features(batch.references)))
            for name, paint in self.methods.items():
                images = paint(batch.sketches, batch.references, batch.ids).images
                metrics = self._measure(images, batch, targets)
                parts[-1].tallies[name] = Tally(metrics, self._features(images))
            if progress:
                progress(len(targets))
        tallies, references = _join(self.processes.gather(parts))
        rows = tabulate(tallies, references, self.kinds, [sample.pair.source for sample in self.samples])
        return Evaluation(
            config=self.config,
            samples=self.samples,
            rows=rows,
            metrics={name: tally.metrics for name, tally in tallies.items()},
            missing=self.networks.missing,
            warnings=self._warnings(),
        )

    def _features(self, pictures: Bytes) -> dict[str, list[Floats]]:
        """Return the features of pictures (N, 256, 256, 3) by network, one row per picture."""
        return {key: list(network(pictures)) for key, network in self.networks.features.items()}

    def _measure(self, images: Bytes, batch: EvaluationBatch, targets: Sequence[Target]) -> list[Metrics]:
        """Return the metrics of the pictures that a method painted of a batch."""
        metrics = [measure(*pair) for pair in zip(images, targets, strict=True)]
        if self.networks.lpips:
            to_reference = self.networks.lpips(images, batch.references)
            to_target = self.networks.lpips(images, batch.targets)
            metrics = [
                dataclasses.replace(own, lpips_reference=a, lpips_truth=b)
                for own, a, b in zip(metrics, to_reference, to_target, strict=True)
            ]
        return metrics

    def _warnings(self) -> list[str]:
        """Return what readers of the metrics must know."""
        count = len(self.samples)
        if "inception" not in self.networks.features or count >= FID_PICTURES:
            return self._notes
        return [
            *self._notes,
            f"FID over {count} pictures, fewer than its {FID_PICTURES} features, is far above its value over "
            "many pictures, and by source even more so: compare it only between methods on the same pictures",
        ]


def _describe_data(pairs: Sequence[Pair], samples: Sequence[EvaluationSample]) -> list[str]:
    """Return what readers of the figures must know about the data."""
    notes = describe_unknown(pairs, samples[0].pair.split)
    notes += [finding.text for finding in find_strays(pairs)]
    bare = sum(not sample.pair.has_lines for sample in samples)
    if bare:
        notes.append(f"{bare:,} of {len(samples):,} drawings have no line art; theirs is drawn by xdog")
    return notes


@dataclass(slots=True)
class _Part:
    """What was measured of one batch."""

    start: int
    references: dict[str, list[Floats]]
    """Features of the references, by network."""
    tallies: dict[str, Tally] = field(default_factory=dict)
    """By method."""


def _join(parts: Sequence[_Part]) -> tuple[dict[str, Tally], dict[str, list[Floats]]]:
    """Put the batches together in the order of the samples, whichever process measured them."""
    ordered = sorted(parts, key=lambda part: part.start)
    references = {
        key: [row for part in ordered for row in part.references[key]] for key in ordered[0].references
    }
    tallies = {
        name: Tally(
            [own for part in ordered for own in part.tallies[name].metrics],
            {
                key: [row for part in ordered for row in part.tallies[name].features[key]]
                for key in references
            },
        )
        for name in ordered[0].tallies
    }
    return tallies, references


def load_metric_networks(
    config: EvaluationConfig, device: torch.device, *, offline: bool = False
) -> MetricNetworks:
    """Load the networks that metrics need; of one that is unavailable the reason is kept.

    Raises:
        RltnError: a network whose folder or file was named cannot be used.
    """
    if config.quick:
        return MetricNetworks(None, {}, dict.fromkeys(_NETWORK_METRICS, "left out by --quick"))
    frozen = Path(config.frozen) if config.frozen else None
    inception = Path(config.inception) if config.inception else None
    missing: dict[str, str] = {}
    features: dict[str, FeatureNetwork] = {}
    lpips: Lpips | None = None
    try:
        lpips = load_lpips(frozen, device, offline=offline)
    except RltnError as error:
        _note_missing(
            error, ("lpips_reference", "lpips_truth"), missing, asked=trunk_folder(frozen) is not None
        )
    try:
        features["inception"] = load_inception(inception, device, offline=offline)
    except RltnError as error:
        _note_missing(error, ("fid", "kid"), missing, asked=inception is not None)
    try:
        features["vgg16"] = load_vgg16(frozen, device)
    except RltnError as error:
        _note_missing(error, ("fd_vgg16",), missing, asked=trunk_folder(frozen) is not None)
    return MetricNetworks(lpips, features, missing)


_NETWORK_METRICS = ("fid", "kid", "fd_vgg16", "lpips_reference", "lpips_truth")


def _note_missing(error: RltnError, metrics: Sequence[str], missing: dict[str, str], *, asked: bool) -> None:
    """Note why metrics are missing; raise the error if the user named the network."""
    if asked:
        raise error
    missing.update(dict.fromkeys(metrics, str(error)))
    logger.warning("without %s: %s", " and ".join(metrics), error)
