import dataclasses
import io
import logging

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.errors import ModelError, PictureError, UsageError
from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.model_config import PRESETS
from rltn_cli.models import region_match
from rltn_cli.models.rltn import RLTN
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.saved import open_painting


@pytest.fixture(scope="module")
def colorizer():
    torch.manual_seed(0)
    return Colorizer(RLTN(PRESETS["tiny"]), "cpu")


def sketch_of(height, width):
    lines = np.full((height, width), 255, np.uint8)
    cv2.rectangle(
        lines, (width // 5, height // 5), (width // 2, height // 2), 0, 1 + min(height, width) // 100
    )
    cv2.circle(lines, (width * 2 // 3, height * 2 // 3), min(height, width) // 5, 0, 2)
    return lines


@pytest.fixture(scope="module")
def reference():
    picture = np.full((70, 90, 3), (220, 60, 50), np.uint8)
    picture[:, 45:] = (30, 80, 200)
    return picture


@pytest.mark.parametrize("native", [(96, 96), (40, 40), (200, 300), (130, 64)])
def test_the_result_has_the_size_of_the_drawing(colorizer, reference, native):
    lines = sketch_of(*native)
    result = colorizer(lines, reference, size=64)
    assert result.image.shape == (*native, 3) and result.image.dtype == np.uint8
    assert result.colors.shape == result.warped.shape and min(result.colors.shape[:2]) == 64
    assert (result.image <= lines[..., None]).all()
    assert (result.image[lines == 0] == 0).all()
    grid = tuple(-(-side // 4) for side in result.colors.shape[:2])
    assert result.confidence.shape == grid and np.abs(result.confidence).max() <= 1 + 1e-5
    assert result.matches.shape == (*grid, 3)


def test_matches_name_a_patch_of_a_reference(colorizer, reference):
    result = colorizer(sketch_of(96, 96), [reference, reference[:, ::-1].copy()], size=64)
    assert len(result.references) == 2
    output = colorizer.paint_batch(
        torch.from_numpy(sketch_of(64, 64)).float()[None, None] / 127.5 - 1,
        [torch.zeros(1, 3, 64, 80), torch.ones(1, 3, 64, 96)],
    )
    assert output.colors.shape == (1, 3, 64, 64)
    number, row, column = np.moveaxis(result.matches, -1, 0)
    for which, picture in enumerate(result.references):
        assert (row[number == which] <= picture.shape[0] - 4).all()
        assert (column[number == which] <= picture.shape[1] - 4).all()
    assert set(np.unique(number)) <= {0, 1} and (row % 4 == 0).all() and (column % 4 == 0).all()


def test_matches_count_through_the_references_row_by_row(colorizer, reference):
    result = colorizer(sketch_of(64, 64), [reference, reference], size=64)
    height, width = (side // 4 for side in result.references[0].shape[:2])
    tokens = np.array([[0, width - 1, width, height * width, height * width + width + 2]])
    expected = [[0, 0, 0], [0, 0, 4 * (width - 1)], [0, 4, 0], [1, 0, 0], [1, 4, 8]]
    np.testing.assert_array_equal(result._places(tokens)[0], expected)


def test_long_drawings_are_painted_in_tiles(colorizer, reference):
    result = colorizer(sketch_of(40, 1000), reference, size=64)
    assert result.image.shape == (40, 1000, 3)
    assert result.confidence.shape == (16, 400) and result.matches.shape == (16, 400, 3)


def test_encoded_references_give_the_same(colorizer, reference):
    encoded = colorizer.encode([reference], size=64)
    direct, reused = (colorizer(sketch_of(80, 80), r, size=64).image for r in ([reference], encoded))
    np.testing.assert_array_equal(direct, reused)


@pytest.mark.parametrize("finish", ["paint", "flat", "raw"])
@pytest.mark.parametrize("lines", ["keep", "network"])
def test_every_finish(colorizer, reference, finish, lines):
    drawing = sketch_of(120, 100)
    result = colorizer(drawing, reference, size=64, finish=finish, lines=lines)
    assert result.image.shape == (120, 100, 3)
    assert bool((result.image[drawing == 0] == 0).all()) == (lines == "keep")


def test_sixteen_bits_alpha_density_and_notices(colorizer, reference, tmp_path, caplog):
    deep = sketch_of(80, 80).astype(np.uint16) * 257
    assert colorizer(deep, reference, size=64).image.dtype == np.uint16
    cut_out = np.dstack([np.repeat(sketch_of(80, 80)[..., None], 3, 2), np.full((80, 80), 255, np.uint8)])
    cut_out[:20, :, 3] = 0
    kept = colorizer(cut_out, reference, size=64)
    np.testing.assert_array_equal(kept.image[..., 3], cut_out[..., 3])
    assert colorizer(cut_out, reference, size=64, alpha="drop").image.shape[2] == 3
    frames = [Image.fromarray(sketch_of(80, 80)), Image.new("L", (80, 80), 255)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with caplog.at_level(logging.WARNING, logger="rltn_cli"):
        result = colorizer(path, reference, size=64, finish="paint")
    assert len(result.notices) == 1 and result.notices[0] in caplog.text


def test_files_in_and_out(colorizer, reference, tmp_path):
    Image.fromarray(sketch_of(80, 90)).save(tmp_path / "sketch.png", dpi=(300, 300))
    Image.fromarray(reference).save(tmp_path / "style.jpg")
    result = colorizer(tmp_path / "sketch.png", [str(tmp_path / "style.jpg")], size=64)
    result.save(tmp_path / "out.png")
    written = read_picture(tmp_path / "out.png")
    np.testing.assert_array_equal(written.pixels, result.image)
    assert written.dpi == pytest.approx((300, 300), abs=0.1)
    buffer = io.BytesIO()
    Image.fromarray(sketch_of(80, 90)).save(buffer, "PNG")
    again = colorizer(buffer.getvalue(), Image.open(tmp_path / "style.jpg"), size=64)
    np.testing.assert_array_equal(again.image, result.image)


def test_bad_input(colorizer, reference, tmp_path):
    (tmp_path / "words.png").write_text("words")
    drawing = sketch_of(64, 64)
    with pytest.raises(UsageError, match="no reference"):
        colorizer(drawing, [], size=64)
    with pytest.raises(PictureError, match=r"words\.png"):
        colorizer(drawing, [tmp_path / "words.png"], size=64)
    with pytest.raises(PictureError, match="too small"):
        colorizer(np.zeros((1, 1), np.uint8) + np.uint8(255), reference)
    with pytest.raises(PictureError, match="blank"):
        colorizer(np.full((64, 64), 255, np.uint8), reference)
    for wrong in ({"size": 32}, {"finish": "oil"}, {"lines": "some"}, {"alpha": "maybe"}):
        with pytest.raises(UsageError):
            colorizer(drawing, reference, **wrong)


def test_from_pretrained(tmp_path, colorizer, reference):
    save_model(colorizer.model, tmp_path / "model", half=False)
    loaded = Colorizer.from_pretrained(tmp_path / "model", device="cpu")
    drawing = sketch_of(64, 64)
    np.testing.assert_array_equal(
        loaded(drawing, reference, size=64).image, colorizer(drawing, reference, size=64).image
    )
    with pytest.raises(ModelError, match="no such model"):
        Colorizer.from_pretrained(tmp_path / "nothing")


def on_page(picture, margin):
    return np.pad(picture, ((margin, margin), (margin, margin), (0, 0))[: picture.ndim], constant_values=255)


def test_margins_of_references_make_no_difference(colorizer, reference):
    lines = sketch_of(96, 96)
    alone = colorizer(lines, reference, size=64)
    framed = colorizer(lines, on_page(reference, 60), size=64)
    np.testing.assert_array_equal(alone.image, framed.image)
    kept = colorizer(lines, on_page(reference, 60), size=64, margins="keep")
    assert (kept.image != alone.image).any()


def test_margins_of_a_drawing_are_painted_too(colorizer, reference):
    lines = on_page(sketch_of(96, 96), 80)
    result = colorizer(lines, reference, size=64)
    assert result.image.shape == (256, 256, 3)
    assert result.figure is not None and max(result.figure.size) < 100
    assert min(result.colors.shape[:2]) == 64
    assert (result.image <= lines[..., None]).all()
    assert (result.image[:40] < 255).any()
    assert colorizer(lines, reference, size=64, margins="keep").figure is None


def test_lines_of_a_colour_picture_are_drawn_first(colorizer, reference, caplog):
    with caplog.at_level(logging.WARNING):
        colorizer(reference, reference, size=64)
        assert "looks like a colour picture or a photo" in caplog.text
        caplog.clear()
        result = colorizer(reference, reference, size=64, extract=True, finish="paint")
    assert caplog.text == "" and result.image.shape == reference.shape


@pytest.mark.parametrize(
    "options", [{"paper": "white"}, {"margins": "crop"}, {"page": 0}, {"drop_pencil": "green"}], ids=str
)
def test_options_that_are_none_are_refused(colorizer, reference, options):
    with pytest.raises(UsageError, match=next(iter(options))):
        colorizer(sketch_of(64, 64), reference, **options)


def test_a_long_time_is_foreseen(colorizer, reference, caplog, monkeypatch):
    monkeypatch.setattr(
        type(colorizer.duration), "seconds", lambda self, sketch, references, *, size: sketch / 64
    )
    told = []
    colorizer(sketch_of(96, 96), reference, size=64, margins="keep", foresee=told.append)
    assert told == [64]
    with caplog.at_level(logging.WARNING):
        colorizer(sketch_of(96, 96), reference, size=64, margins="keep")
    assert "size 64 takes long: about 64 seconds per drawing on this machine" in caplog.text


def test_weights_of_references(colorizer, reference):
    lines, other = sketch_of(96, 96), reference[:, ::-1, ::-1].copy()
    plain = colorizer(lines, [reference, other], size=64)
    even = colorizer(lines, [reference, other], size=64, ref_weights=[1, 1])
    assert np.abs(even.warped.astype(int) - plain.warped).max() <= 1
    first = colorizer(lines, [reference, other], size=64, ref_weights=[1000, 0.001])
    second = colorizer(lines, [reference, other], size=64, ref_weights=[0.001, 1000])
    shares = [(result.matches[..., 0] == 0).mean() for result in (first, plain, second)]
    assert shares[0] > shares[1] > shares[2]
    assert first.painting.origin.settings["ref_weights"] == "1000; 0.001"
    encoded = colorizer.encode([reference, other], size=64)
    for references in (encoded, [reference, other]):
        for wrong, message in (([1], "1 weights for 2 references"), ([1, 0], "from 0.001 to 1000, not 0")):
            with pytest.raises(UsageError, match=message):
                colorizer(lines, references, size=64, ref_weights=wrong)


@pytest.mark.parametrize("finish", ["paint", "flat"])
def test_what_was_painted_can_be_saved_fixed_and_layered(colorizer, reference, finish, tmp_path):
    lines = sketch_of(96, 96)
    result = colorizer(lines, reference, size=64, finish=finish)
    result.save_painting(tmp_path / "out.rltn")
    result.save_layers(tmp_path / "out.ora")
    np.testing.assert_array_equal(read_picture(tmp_path / "out.ora").pixels, result.image)
    painting, options = open_painting(tmp_path / "out.rltn")
    np.testing.assert_array_equal(finish_painting(painting, options).image, result.image)
    fix = Fix(3, 3, (0, 200, 0))
    fixed = colorizer(lines, reference, size=64, finish=finish, fixes=[fix])
    again = finish_painting(painting, FinishOptions(finish, fixes=(fix,)))
    np.testing.assert_array_equal(fixed.image, again.image)
    assert fixed.image[3, 3].tolist() == [0, 200, 0]
    assert painting.origin.settings["sketch"] == "array" and painting.origin.model == ""


def matching(regions):
    """A tiny network with random weights; the same, but for the region match, whatever that is."""
    torch.manual_seed(0)
    plain = RLTN(dataclasses.replace(PRESETS["tiny"], region_pooling=True))
    if not regions:
        return Colorizer(plain, "cpu")
    model = RLTN(dataclasses.replace(plain.config, region_match=1))
    model.load_state_dict(plain.state_dict(), strict=False)
    return Colorizer(model, "cpu")


@pytest.mark.parametrize("finish", ["paint", "flat"])
def test_a_region_match_that_has_learned_nothing_changes_nothing(monkeypatch, reference, finish):
    monkeypatch.setattr(region_match, "SHARPNESS", 1.0)
    before, after = (
        matching(yes)(sketch_of(96, 96), reference, size=64, finish=finish) for yes in (False, True)
    )
    assert np.abs(before.image.astype(int) - after.image).max() <= 1


@pytest.mark.parametrize("color", [(220, 60, 50), (30, 80, 200)])
@pytest.mark.parametrize("size", [64, 544])
def test_regions_take_the_colours_that_the_region_match_decides_on(monkeypatch, reference, color, size):
    colorizer = matching(True)
    for value in colorizer.model.content_mfam.fuse.parameters():
        torch.nn.init.zeros_(value)  # all places of the drawing match all places of the reference alike
    encoded = colorizer.encode(reference, size=size)
    wanted = encoded.colors.palette.nearest(color)

    def decide(regions, colors, shown=None):
        logits = torch.zeros(1, regions.votes.shape[2], colors.shape[1])
        logits[..., wanted] = 20
        return logits

    monkeypatch.setattr(colorizer.model.region_match, "forward", decide)
    lines = sketch_of(96, 96)
    flat = colorizer(lines, encoded, size=size, finish="flat", lines="none").image
    assert (flat[lines == 255] == color).all(axis=1).mean() == 1
    painted = colorizer(lines, encoded, size=size)
    columns = painted.matches[..., 2] / encoded.pictures[0].shape[1]
    assert (columns < 0.5).mean() > 0.9 if color[0] > color[2] else (columns >= 0.5).mean() > 0.9
