"""The configuration of a training run: frozen dataclasses; `config_files` reads and writes them."""

import dataclasses
from dataclasses import dataclass, field

from rltn_cli.baseline_config import TERM_WEIGHTS, Baseline, baseline_preset
from rltn_cli.choices import Architecture, LineMethod, PerceptualTrunk, Precision, Preset
from rltn_cli.errors import ConfigError
from rltn_cli.model_config import PRESETS, ModelConfig
from rltn_cli.sizes import SIDE_MINIMUM, SIDE_MULTIPLE

TERMS = ("adv", "fm", "rec", "warp", "perc", "ctx", "align", "cycle", "scl", "match", "lpips")
"""The loss terms, in the order in which they are computed and shown."""
PERCEPTUAL_TERMS = ("fm", "perc", "ctx", "scl")
"""The terms that look through the frozen VGG."""


@dataclass(frozen=True, slots=True)
class LossConfig:
    """Weights of the loss terms; a term of weight 0 is left out and costs nothing."""

    adv: float = 1.0
    fm: float = 1.0
    rec: float = 10.0
    warp: float = 10.0
    perc: float = 0.001
    ctx: float = 0.1
    align: float = 2.0
    cycle: float = 1.0
    scl: float = 1.0
    match: float = 0.0
    """Negative log-likelihood of a right match; not one of the paper's terms."""
    match_place: float = 0.3
    """Weight of the place, relative to the colour, within `match`."""
    lpips: float = 0.0
    """LPIPS on AlexNet (Zhang et al., 2018); not one of the paper's terms, and much cheaper than VGG's."""
    exemplar: float = 0.5
    """Weight in rec and warp of samples whose reference is another picture with the same palette."""
    unseen: float = 0.0
    """Lab distance: places whose colour is farther from every colour of the reference are left out of rec and
    warp; 0 leaves nothing out."""
    trunk: PerceptualTrunk = "vgg16"
    """The perceptual network of fm, perc, ctx and scl; never switched silently."""

    def __post_init__(self) -> None:
        for term in TERMS:
            if not 0 <= getattr(self, term) < 1e6:
                raise ConfigError(f"the weight of {term} must be 0 or more, not {getattr(self, term)}")
        for name in ("match_place", "exemplar", "unseen"):
            if not 0 <= getattr(self, name) < 1e3:
                raise ConfigError(f"{name} must be from 0 to below 1000, not {getattr(self, name)}")

    @property
    def active(self) -> dict[str, float]:
        """The weights of the active terms, in the order of TERMS."""
        return {term: weight for term in TERMS if (weight := getattr(self, term)) > 0}

    @property
    def perceptual(self) -> bool:
        """Whether a term is active that looks through the frozen VGG."""
        return any(term in PERCEPTUAL_TERMS for term in self.active)


@dataclass(frozen=True, slots=True)
class DataConfig:
    """How pairs become training samples."""

    pseudo: float = 0.5
    """Share of samples whose reference is the deformed ground truth."""
    foreign: float = 0.1
    """Share of samples whose reference has other colours than the target: they have no ground truth."""
    source_weights: dict[str, float] = field(default_factory=dict)
    """Weight of pictures by their source; 1 for sources that are not named."""
    recolor: float = 0.8
    """Probability of a joint recolouring."""
    degrade: float = 0.7
    """Probability of degrading the lines."""
    deform: float = 0.12
    """Standard deviation of the thin-plate control points, in image widths."""
    closest: float = 0.7
    """Smallest width of a crop, in picture widths; below 0.7 some crops are close-ups."""
    backdrop: float = 0.0
    """Probability that the figures of a sample get a backdrop, if they stand on white paper."""
    companion: float = 0.0
    """Probability that a reference with the drawing's palette also shows another figure."""

    def __post_init__(self) -> None:
        for name in ("pseudo", "foreign", "recolor", "degrade", "backdrop", "companion"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must be from 0 to 1, not {getattr(self, name)}")
        if self.pseudo + self.foreign > 1:
            raise ConfigError("pseudo and foreign together must not exceed 1")
        if not 0 <= self.deform <= 0.5:
            raise ConfigError(f"deform must be from 0 to 0.5, not {self.deform}")
        if not 0.1 <= self.closest <= 1:
            raise ConfigError(f"closest must be from 0.1 to 1, not {self.closest}")


FREEZABLE_PARTS = ("content_encoder", "style_encoder", "content_mfam", "style_mfam")
"""Parts of the network that can be frozen in training."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One training run."""

    pairs: tuple[str, ...] = ()
    """Folders of pairs or of colour pictures, or recipes such as `openlines:PATH`."""
    init: str = ""
    """Weights to start from, as `rltn colorize --model` names them; fresh ones if empty."""
    architecture: Architecture = "rltn"
    """What is trained; settings of RLTN's network and terms are its alone: see `engine.training.settings`."""
    preset: Preset = "small"
    """Sizes of fresh weights."""
    aggregation: bool = True
    """Whether fresh weights have FAMs; see ModelConfig."""
    region_pooling: bool = True
    """Whether fresh weights pool regions, and whether it is added to given weights without it."""
    context: bool = True
    """Whether fresh weights have the preset's context layers and refined fusion, and whether these are added
    to given weights without them."""
    steps: int = 10_000
    epochs: float = 0.0
    """Number of steps as passes over the training pairs; 0 if `steps` states it."""
    minutes: float = 0.0
    """Time limit of one call, saving included; 0 for none."""
    batch: int = 8
    accumulate: int = 1
    """Number of micro-batches that a batch is computed in; the gradient is that of the whole batch."""
    sizes: tuple[tuple[int, int], ...] = ((0, 128), (5_000, 256))
    """(from step, picture size in pixels): the resolution schedule."""
    size_cycle: tuple[int, ...] = ()
    """Picture sizes of successive steps, repeated, in place of `sizes`; empty for none."""
    generator_lr: float = 1e-4
    discriminator_lr: float = 2e-4
    decay_from: float = 0.5
    """Share of the steps after which the learning rates decay linearly to a twentieth."""
    warmup: int = 100
    """Steps over which the learning rates rise from 0."""
    beta1: float = 0.9
    beta2: float = 0.999
    ema: float = 0.999
    """Decay of the averaged weights; lower in the first steps, so that short runs average over themselves."""
    freeze: tuple[str, ...] = ()
    """Parts of the network that keep their weights; see FREEZABLE_PARTS."""
    clip: float = 1.0
    """Largest norm of the generator's gradient; 0 for no limit."""
    adversarial_from: int = 0
    """Step at which adv and the discriminator begin."""
    perceptual_from: int = 0
    """Step at which fm, perc, ctx, scl and lpips begin."""
    seed: int = 0
    precision: Precision = "fp32"
    """`rltn train` itself sets `auto` for new runs."""
    lines: LineMethod = "hed-small"
    """How missing line art is extracted, as in `rltn extract-lines`."""
    line_weights: str = ""
    """Weights of the network that extracts it; required by `hed`."""
    val: str = ""
    """Pairs to validate on: a folder or recipe, or a share of the pairs such as `0.1`; if empty, the split
    `val` of the pairs, or a tenth of them if there is no such split."""
    val_pictures: int = 16
    """Largest number of pictures to validate on."""
    val_every: int = 0
    """Steps between validations; 0 to validate only the first and the last weights."""
    checkpoint_every: int = 500
    sample_every: int = 500
    keep: int = 2
    """Number of training states to keep; the newest stay."""
    device: str = "auto"
    workers: int = 0
    """Number of processes that prepare samples in advance."""
    frozen: str = ""
    """Folder of frozen networks; otherwise the one that RLTN_FROZEN names."""
    losses: LossConfig = field(default_factory=LossConfig)
    data: DataConfig = field(default_factory=DataConfig)

    def __post_init__(self) -> None:
        counts = "steps", "batch", "accumulate", "val_pictures", "checkpoint_every", "sample_every", "keep"
        for name in counts:
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more, not {getattr(self, name)}")
        for name in ("epochs", "minutes", "val_every", "workers", "clip", "warmup"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} must be 0 or more, not {getattr(self, name)}")
        for name in ("generator_lr", "discriminator_lr"):
            if not 0 < getattr(self, name) <= 1:
                raise ConfigError(f"{name} must be above 0 and at most 1, not {getattr(self, name)}")
        for part in self.freeze:
            if part not in FREEZABLE_PARTS:
                raise ConfigError(f"freeze knows {', '.join(FREEZABLE_PARTS)}, not {part!r}")
        if self.batch % self.accumulate:
            raise ConfigError(f"batch ({self.batch}) must be a multiple of accumulate ({self.accumulate})")
        if not self.sizes or self.sizes[0][0] != 0 or list(self.sizes) != sorted(self.sizes):
            raise ConfigError("sizes must be (step, pixels) in rising order, beginning at step 0")
        for size in (*(size for _, size in self.sizes), *self.size_cycle):
            if size < SIDE_MINIMUM or size % SIDE_MULTIPLE:
                raise ConfigError(
                    f"a training size must be a multiple of {SIDE_MULTIPLE} and at least {SIDE_MINIMUM}, "
                    f"not {size}"
                )
        for name in ("ema", "decay_from"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} must be from 0 to below 1, not {getattr(self, name)}")

    def fresh_network(self) -> ModelConfig | Baseline:
        """Return the sizes of fresh weights.

        Raises:
            ConfigError: the preset is RLTN's alone, and another architecture is to be trained.
        """
        if self.architecture == "rltn":
            return self.fresh_model()
        return baseline_preset(self.architecture, self.preset)

    def fresh_model(self) -> ModelConfig:
        """Return the sizes of fresh weights of RLTN."""
        preset = PRESETS[self.preset]
        return dataclasses.replace(
            preset,
            aggregation=self.aggregation,
            region_pooling=self.region_pooling,
            context_layers=preset.context_layers if self.context else 0,
            refinement=preset.refinement if self.context else 0,
        )

    def size_at(self, step: int) -> int:
        """Picture size in pixels at a step."""
        if self.size_cycle:
            return self.size_cycle[step % len(self.size_cycle)]
        return max((start, size) for start, size in self.sizes if start <= step)[1]

    @property
    def distinct_sizes(self) -> tuple[int, ...]:
        """The picture sizes in pixels of the whole run, each once, in the order of their first steps."""
        return tuple(dict.fromkeys(self.size_cycle or (size for _, size in self.sizes)))

    @property
    def largest_size(self) -> int:
        """The largest picture size in pixels of the whole run."""
        return max(self.distinct_sizes)

    @property
    def mixed_precision(self) -> str:
        """The precision as Accelerate names it; `auto` must have been settled."""
        return "no" if self.precision == "fp32" else self.precision

    @property
    def discriminator_width(self) -> int:
        """Channels of the discriminator's first layer; the other architectures' papers have 64."""
        if self.preset == "tiny":
            return 8
        return 64 if self.preset == "paper" and self.architecture != "rltn" else 32

    @property
    def terms(self) -> dict[str, float]:
        """The active loss terms and their weights."""
        return self.losses.active if self.architecture == "rltn" else dict(TERM_WEIGHTS[self.architecture])

    @property
    def perceptual(self) -> bool:
        """Whether a loss term looks through the frozen VGG, apart from AdaIN's, whose VGG is its encoder."""
        return self.losses.perceptual if self.architecture == "rltn" else self.architecture == "scft"

    @property
    def needs_vgg(self) -> bool:
        """Whether training begins by reading the frozen VGG: for its loss terms, or for AdaIN's encoder."""
        return self.perceptual or self.architecture == "adain"


FINE_TUNING = TrainConfig(
    steps=1_000,
    batch=4,
    sizes=((0, 256),),
    generator_lr=1e-4,
    warmup=10,
    decay_from=0.4,
    ema=0.98,
    checkpoint_every=50,
    sample_every=50,
    context=False,
    losses=LossConfig(adv=0, fm=0, perc=0, ctx=0, scl=0),
    data=DataConfig(pseudo=0.25, foreign=0.0, recolor=0.2, degrade=0.5),
)
"""Defaults of a run that starts from trained weights, instead of TrainConfig's."""
