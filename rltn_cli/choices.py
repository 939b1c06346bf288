"""What options and configurations choose from. Nothing is imported here, so that commands show it at once."""

import re
from collections.abc import Mapping
from typing import Literal

Finish = Literal["auto", "paint", "cel", "flat", "raw"]
"""How the network's colours are brought to the drawing; done in `rltn_cli.imaging.finishes.finishing`."""
FINISHES: Mapping[Finish, str] = {
    "auto": "cel where lines close, else paint",
    "paint": "colours stop at the lines",
    "cel": "flat colours with soft shading",
    "flat": "one colour of the reference's per region",
    "raw": "the network's own picture, enlarged",
}

Lines = Literal["keep", "network", "none"]
"""Whose lines lie on the result: the artist's own, those that the network drew, or nobody's."""

LayersFormat = Literal["ora", "psd", "png"]
"""What a batch writes layers as; `png` is one folder of files per drawing."""

AlphaMode = Literal["auto", "keep", "drop"]
"""How a drawing's transparency is handled; `auto` keeps that of a cut-out."""

PaperMode = Literal["auto", "keep"]
"""How a drawing's paper is handled; `auto` levels it to white."""

PENCIL = re.compile(r"blue|red|#[0-9a-fA-F]{6}")
"""How pencil that is dropped from under the ink is named."""

MarginMode = Literal["auto", "keep"]
"""How blank margins are handled; `auto` leaves wide ones out of what the network sees."""

LineMethod = Literal["hed-small", "hed", "contour", "xdog"]
"""How lines are extracted; done in `rltn_cli.engine.inference.line_methods`."""
LINE_METHODS: Mapping[LineMethod, str] = {
    "hed-small": "the network that comes with rltn",
    "hed": "the original network, whose weights must be named",
    "contour": "the borders of flat regions, label maps or part masks",
    "xdog": "differences of Gaussians",
}

ReferenceMatch = Literal["name", "auto"]
"""Which reference of a folder a sketch gets: the one with its name, or the most similar one."""

EvaluationProtocol = Literal["nearest", "group", "self"]
"""Which reference a drawing is evaluated by; see `rltn_cli.engine.evaluation.protocols`."""

Preset = Literal["tiny", "small", "base", "paper"]
"""Sizes of the network; see `rltn_cli.model_config.PRESETS`."""

Architecture = Literal["rltn", "adain", "munit", "drit", "scft"]
"""What is trained: RLTN, or a method that it is compared with. CoCosNet is a configuration of RLTN's."""

PerceptualTrunk = Literal["vgg16", "vgg19"]
"""The network that perceptual loss terms look through."""

Precision = Literal["auto", "fp32", "bf16", "fp16"]
"""Numeric precision of the computation in training; `auto` is settled before a run begins."""

TablePrecision = Literal["auto", "fp32", "bf16"]
"""Numeric precision in which all rows of a table are trained."""

PaintingPrecision = Literal["auto", "fp32", "bf16"]
"""Numeric precision of the network when it paints."""

LinePrecision = Literal["fp32", "bf16"]
"""Numeric precision of the convolutions when a line network is trained, which happens on the CPU."""

FrozenNetwork = Literal["alexnet", "vgg16", "vgg19"]
"""The frozen networks of the perceptual loss terms and of LPIPS."""

StoredPrecision = Literal["half", "full"]
"""Precision of weights in a file: 2 or 4 bytes each."""


def describe(choices: Mapping[LineMethod, str] | Mapping[Finish, str]) -> str:
    """Return choices and their meanings in one line, for help texts."""
    return ", ".join(f"{name} ({meaning})" for name, meaning in choices.items())
