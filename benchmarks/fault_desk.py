"""Inputs for `benchmarks/faults.py`: small drawings, pairs, tables and a network that was never trained."""

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

RLTN = [sys.executable, "-m", "rltn_cli"]
SIDE = 96
"""Pixels a side of a drawing."""
SETTINGS = """
preset = "tiny"
batch = 2
sizes = [[0, 64]]
warmup = 1
device = "cpu"
lines = "xdog"
checkpoint_every = 1
sample_every = 4
val_pictures = 2
[losses]
adv = 1
fm = 0
perc = 0
ctx = 0
scl = 0
"""
LEFT_OVER = "left over"
"""What `find_half_files` says of temporary files."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with everything that commands are tried on."""

    folder: Path

    def path(self, name: str) -> str:
        """Return a file or folder on the desk."""
        return str(self.folder / name)

    def painting(self) -> list[str]:
        """Return the options of painting with the smallest network."""
        return ["-r", self.path("ref.png"), "-m", self.path("tiny"), "--size", "64", "--device", "cpu"]


def draw_desk(folder: Path, *, sketches: int = 6) -> Desk:
    """Draw everything into a folder."""
    import torch

    from rltn_cli.engine.checkpoints.weights import save_model
    from rltn_cli.model_config import PRESETS
    from rltn_cli.models.rltn import RLTN

    for name in ("sketches", "pairs/color", "pairs/line"):
        (folder / name).mkdir(parents=True)
    for number in range(max(10, sketches)):
        color, line = _figure(number)
        if number < sketches:
            cv2.imwrite(str(folder / "sketches" / f"{number:03}.png"), line)
        if number < 10:
            cv2.imwrite(str(folder / "pairs" / "color" / f"{number}.png"), color)
            cv2.imwrite(str(folder / "pairs" / "line" / f"{number}.png"), line)
    cv2.imwrite(str(folder / "ref.png"), _figure(99)[0])
    cv2.imwrite(str(folder / "sketch.png"), _figure(99)[1])
    torch.manual_seed(0)
    save_model(RLTN(PRESETS["tiny"]), folder / "tiny")
    (folder / "tiny.toml").write_text(SETTINGS, encoding="utf-8")
    return Desk(folder)


def _figure(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture of a disc and a box, and its lines."""
    rng = np.random.default_rng(number)
    color, line = np.full((SIDE, SIDE, 3), 255, np.uint8), np.full((SIDE, SIDE), 255, np.uint8)
    center, corner = (24 + number % 30, 30 + number % 20), (8 + number % 7, 56)
    cv2.circle(color, center, 18, rng.integers(0, 220, 3).tolist(), -1)
    cv2.rectangle(color, corner, (86, 88), rng.integers(0, 220, 3).tolist(), -1)
    for picture in (color, line):
        ink = (0, 0, 0) if picture is color else 0
        cv2.circle(picture, center, 18, ink, 2)
        cv2.rectangle(picture, corner, (86, 88), ink, 2)
    return color, line


def find_fault(code: int, said: str, allowed: tuple[int, ...]) -> str | None:
    """Return what is wrong with how a command ended: its exit code, or what it said."""
    if "Traceback" in said:
        return f"a traceback: {said.strip().splitlines()[-1]}"
    if code not in allowed:
        return f"exit code {code}, not one of {allowed}: {said.strip()[-200:]}"
    if code in (1, 2) and not said.strip():
        return f"exit code {code} without a word"
    return None


def find_half_files(folder: Path) -> list[str]:
    """Return the files below a folder that are not whole: temporary ones, and those that cannot be read."""
    import json

    from PIL import Image
    from safetensors import SafetensorError, safe_open

    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        try:
            if path.suffix == ".tmp":
                found.append(f"{name}: {LEFT_OVER}")
            elif path.suffix in (".png", ".webp", ".jpg"):
                with Image.open(path) as picture:
                    picture.load()
            elif path.suffix == ".safetensors" and ".partial" not in name:
                with safe_open(path, "pt") as file:
                    for key in file.keys():  # noqa: SIM118 (it is no dictionary)
                        file.get_tensor(key)
            elif path.suffix == ".json" and ".partial" not in name:
                json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, SyntaxError, SafetensorError) as error:
            found.append(f"{name}: {error}")
    return found
