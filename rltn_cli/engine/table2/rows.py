"""The rows of Table 2, and how each is trained. No torch here."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from rltn_cli.choices import Precision, Preset
from rltn_cli.config_files import from_mapping, read_toml
from rltn_cli.errors import UsageError
from rltn_cli.training_config import DataConfig, TrainConfig

ROWS: Mapping[str, str] = {
    "adain": "AdaIN [19]",
    "munit": "MUNIT [3]",
    "drit": "DRIT [4, 20]",
    "scft": "Lee et al. [5]",
    "cocosnet": "CoCosNet [6]",
    "wo_scl": "RLTN w/o SCL",
    "wo_mfam": "RLTN w/o MFAM",
    "rltn": "RLTN",
}
"""What the paper calls each row, in its order."""
DATA = DataConfig(pseudo=0.5, foreign=0.25)
"""The samples of every row. `scl` acts on foreign references alone: a quarter of the samples have one."""
LATE = 0.5
"""Share of the steps after which, in the rows of RLTN's networks, the terms begin that need a discriminator
or VGG16: from the first step on they would pull fresh weights to one picture for all drawings."""
SAVED = 10
"""States that a row saves on its way; what a kill costs at most is this part of a row."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What every row gets."""

    pictures: int = 10_000
    """Training samples."""
    size: int = 128
    """Height and width of training pictures in pixels."""
    batch: int = 1
    """Pictures a step; one, as in the paper (section 3.3), whose learning rates are for that."""
    preset: Preset = "small"
    precision: Precision = "fp32"
    """Numeric precision of training, never `auto`; see `session.settle_precision`."""
    device: str = "auto"
    frozen: str = ""
    """Folder of the frozen networks; otherwise the one that RLTN_FROZEN names."""

    @property
    def steps(self) -> int:
        """Steps in which the pictures, or up to a batch more, are seen."""
        return max(1, -(-self.pictures // self.batch))


def choose_rows(names: Sequence[str]) -> list[str]:
    """Return the names of rows, in the paper's order; all for none.

    Raises:
        UsageError: there is no such row.
    """
    for name in names:
        if name not in ROWS:
            raise UsageError(f"no row {name!r}: Table 2 has {', '.join(ROWS)}")
    return [name for name in ROWS if not names or name in names]


def row_config(row: str, data: str, seed: int, budget: Budget) -> TrainConfig:
    """Return the configuration of one row on one set of data.

    Raises:
        ConfigError: a size or a batch that training does not take.
    """
    steps = budget.steps
    alike = {
        "pairs": [data], "seed": seed, "steps": steps, "batch": budget.batch, "sizes": [[0, budget.size]],
        "preset": budget.preset, "precision": budget.precision, "device": budget.device,
        "frozen": budget.frozen,
        "warmup": min(100, steps // 10), "checkpoint_every": max(1, steps // SAVED), "sample_every": steps,
        "keep": 1, "data": dataclasses.asdict(DATA),
    }  # fmt: skip
    with resources.as_file(resources.files(__package__).joinpath("rows", f"{row}.toml")) as file:
        own = read_toml(Path(file))
    if own["architecture"] == "rltn":
        alike |= dict.fromkeys(("adversarial_from", "perceptual_from"), int(LATE * steps))
    return from_mapping(TrainConfig, alike | own, f"the row {row}")
