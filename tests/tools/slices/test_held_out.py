import dataclasses

import cv2
import numpy as np
import pytest
import torch
from slices.held_out import HeldOut
from slices.packed import PackedStore, write_pack
from torch import nn

from rltn_cli.data.pairs import read_pairs
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN, RLTNOutput


@pytest.fixture
def store(tmp_path):
    for part in ("color", "line"):
        (tmp_path / part).mkdir()
    rows = ["id,split,source,group,palette"]
    for i in range(6):
        color = np.full((64, 64, 3), 255, np.uint8)
        cv2.circle(color, (20 + 4 * i, 32), 14, (40, 90, 200) if i < 3 else (90, 200, 40), -1)
        line = np.full((64, 64), 255, np.uint8)
        cv2.circle(line, (20 + 4 * i, 32), 14, 0, 2)
        cv2.imwrite(str(tmp_path / "color" / f"{i}.png"), color)
        cv2.imwrite(str(tmp_path / "line" / f"{i}.png"), line)
        rows.append(f"{i},val,{'round' if i < 3 else 'ball'},{i // 3},{i // 3}")
    (tmp_path / "index.csv").write_text("\n".join(rows) + "\n")
    pairs = read_pairs(tmp_path)
    paths = tmp_path / "color.safetensors", tmp_path / "line.safetensors"
    for path, part in zip(paths, ("color", "line"), strict=True):
        write_pack(pairs, path, part, size=64, quality=100)
    return PackedStore(paths, split="val")


class Painter(nn.Module):
    """Paints what a function makes of a batch's target."""

    def __init__(self, held_out, change):
        super().__init__()
        self._targets = iter([batch.target for batch in held_out._batches])
        self._change = change

    def forward(self, sketch, references, labels):
        colors = self._change(next(self._targets))
        return RLTNOutput(colors=colors, warped=colors, content=colors, tokens=None)


def test_the_true_colours_have_no_error(store):
    held_out = HeldOut(store, 5, 64, "cpu")
    values = held_out.measure(Painter(held_out, lambda target: target))
    assert values["color_error"] == pytest.approx(0, abs=1e-3)
    assert values["right"] == 1
    assert set(values) == {"color_error", "right", "color_error/round", "color_error/ball"}


def test_white_pages_are_as_far_as_the_figures_are_from_white(store):
    held_out = HeldOut(store, 8, 64, "cpu")
    values = held_out.measure(Painter(held_out, torch.ones_like))
    assert values["right"] < 0.1
    assert values["color_error"] == pytest.approx(
        (values["color_error/round"] + values["color_error/ball"]) / 2
    )
    # (200, 90, 40) and (40, 200, 90) are 75 and 82 from white; patches at the discs' edges are nearer
    assert 45 < values["color_error/round"] < 75
    assert 45 < values["color_error/ball"] < 82


def test_a_network_keeps_its_mode(store):
    model = RLTN(dataclasses.replace(PRESETS["tiny"], region_pooling=True)).train()
    values = HeldOut(store, 3, 64, "cpu").measure(model)
    assert model.training
    assert values["color_error"] > 0
