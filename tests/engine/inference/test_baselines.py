"""Models without correspondence through the Colorizer: what they paint, and what they refuse."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.baselines import BASELINES

from rltn_cli.baseline_config import BASELINE_PRESETS
from rltn_cli.data.batches import make_plain_batch
from rltn_cli.engine.checkpoints.onnx_export import export_onnx
from rltn_cli.engine.evaluation.methods import make_model_method
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.training.sample_grids import sample_grid
from rltn_cli.errors import ModelError, UsageError
from rltn_cli.models.architectures import build_network

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    torch.manual_seed(0)
    return Colorizer(build_network(BASELINE_PRESETS["tiny"]["munit"]), "cpu")


@pytest.fixture(scope="module")
def sketch() -> Picture:
    picture = np.full((96, 64), 255, np.uint8)
    picture[20:70, 20:22] = picture[20:70, 50:52] = picture[20:22, 20:52] = picture[68:70, 20:52] = 0
    return picture


@pytest.fixture(scope="module")
def reference() -> Picture:
    return np.random.default_rng(0).integers(0, 255, (80, 80, 3), np.uint8)


@pytest.mark.parametrize("name", BASELINES)
def test_a_drawing_is_painted_at_its_own_size(name: str, sketch: Picture, reference: Picture) -> None:
    torch.manual_seed(0)
    painted = Colorizer(build_network(BASELINE_PRESETS["tiny"][name]), "cpu")(
        sketch, [reference] * 2, size=64
    )
    assert painted.image.shape == (96, 64, 3)
    assert painted.finished.options.finish == "paint"
    assert not painted.has_correspondence
    assert any("has no correspondence" in notice for notice in painted.notices)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"finish": "cel"}, "finish cel"),
        ({"finish": "flat"}, "finish flat"),
        ({"transparent_paper": True}, "transparent_paper"),
        ({"ref_weights": [2.0]}, "a reference's weight"),
    ],
)
def test_what_rests_on_correspondence_is_refused(
    options: dict[str, object], named: str, colorizer: Colorizer, sketch: Picture, reference: Picture
) -> None:
    with pytest.raises(UsageError, match=f"{named} needs the correspondence between drawing and reference"):
        colorizer(sketch, [reference], size=64, **options)  # type: ignore[arg-type]


def test_what_is_said_of_matches_is_refused(
    colorizer: Colorizer, sketch: Picture, reference: Picture
) -> None:
    result = colorizer(sketch, [reference], size=64, finish="raw")
    assert result.colors.shape == (96, 64, 3)
    for name in ("warped", "confidence", "matches", "painting"):
        with pytest.raises(UsageError, match="which munit does not have"):
            getattr(result, name)


def test_an_evaluation_gets_no_warped_picture(colorizer: Colorizer) -> None:
    sketches, references = np.full((1, 64, 64), 255, np.uint8), np.zeros((1, 64, 64, 3), np.uint8)
    sketches[:, 20:40, 20] = 0
    painted = make_model_method(colorizer)(sketches, references, ["a"])
    assert painted.warped is None
    assert painted.images.shape == (1, 64, 64, 3)


def test_a_raw_picture_with_the_networks_lines_is_what_the_network_gave(colorizer: Colorizer) -> None:
    sketches, references = np.full((1, 64, 64), 255, np.uint8), np.zeros((1, 64, 64, 3), np.uint8)
    sketches[:, 20:40, 20] = 0
    own = make_model_method(colorizer, "raw", "network")(sketches, references, ["a"]).images
    given = colorizer(
        sketches[0], [references[0]], size=64, finish="raw", alpha="drop", margins="keep"
    ).colors
    assert np.abs(own[0].astype(int) - given).max() <= 1
    assert (make_model_method(colorizer, "raw")(sketches, references, ["a"]).images[0, 20:40, 20] == 0).all()


def test_a_sample_grid_leaves_the_warped_row_out(colorizer: Colorizer) -> None:
    picture, one = torch.zeros(2, 3, 64, 64), torch.ones(2)
    batch = make_plain_batch(picture[:, :1], picture, picture, one, one)
    assert sample_grid(colorizer.model, batch, "cpu").shape == (4 * 64, 2 * 64, 3)


def test_only_rltn_is_exported(colorizer: Colorizer, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="only RLTN is exported, not munit"):
        export_onnx(colorizer.model, tmp_path / "a.onnx")
