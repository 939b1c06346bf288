import importlib
import json
import xml.etree.ElementTree as ElementTree
import zipfile

import cv2
import numpy as np
import pytest
from PIL import Image
from support.compositing import laid_over, levels_apart
from support.painted import painting

from rltn_cli.errors import OutputError, UsageError
from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.layer_files import LAYERS, check_layers, check_layers_size, write_layers

MADE = [{}, {"depth": np.uint16}, {"alpha": True}, {"depth": np.uint16, "alpha": True}]


def finished(finish="cel", **made):
    return finish_painting(painting(**made), FinishOptions(finish))


def as_stored(data):
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)


@pytest.mark.parametrize("made", MADE)
def test_an_openraster_file_holds_the_layers_and_the_picture(made, tmp_path):
    done = finished(**made)
    write_layers(tmp_path / "out.ora", done)
    with zipfile.ZipFile(tmp_path / "out.ora") as archive:
        first = archive.infolist()[0]
        assert first.filename == "mimetype" and first.compress_type == zipfile.ZIP_STORED
        assert archive.read("mimetype") == b"image/openraster"
        image = ElementTree.fromstring(archive.read("stack.xml"))
        assert (image.get("w"), image.get("h"), image.get("xres")) == ("240", "192", "300")
        rows = image.findall("stack/layer")
        assert [row.get("name") for row in rows] == list(reversed(LAYERS))
        blends = {"svg:src-over": "normal", "svg:multiply": "multiply", "svg:plus": "add"}
        layers = [
            (
                blends[row.get("composite-op")],
                row.get("visibility") == "visible",
                as_stored(archive.read(row.get("src"))),
            )
            for row in reversed(rows)
        ]
        np.testing.assert_array_equal(as_stored(archive.read("mergedimage.png")), done.image)
        assert max(as_stored(archive.read("Thumbnails/thumbnail.png")).shape) <= 256
    assert levels_apart(laid_over(layers), done.image) <= 1
    picture = read_picture(tmp_path / "out.ora")  # as --ref and SKETCH read it
    np.testing.assert_array_equal(
        picture.pixels[done.image[..., -1] > 0], done.image[done.image[..., -1] > 0, :3]
    )


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("finish", ["cel", "paint", "flat"])
def test_another_reader_of_openraster_makes_the_same_picture(finish, alpha, tmp_path):
    pyora = pytest.importorskip("pyora")
    done = finished(finish, alpha=alpha)
    write_layers(tmp_path / "out.ora", done)
    project = pyora.Project.load(str(tmp_path / "out.ora"))
    assert [layer.name for layer in project.children_recursive] == list(reversed(LAYERS))
    laid = np.asarray(project.get_image_data(use_original=False).convert("RGBA"))
    assert levels_apart(laid.astype(np.float64) / 255, done.image) <= 1


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("finish", ["cel", "paint"])
def test_a_psd_holds_the_layers_and_the_picture(finish, made, tmp_path):
    psd_tools = pytest.importorskip("psd_tools")
    done = finished(finish, **made)
    write_layers(tmp_path / "out.psd", done)
    document = psd_tools.PSDImage.open(tmp_path / "out.psd")
    dtype = done.image.dtype
    assert (document.depth, document.size) == (8 * dtype.itemsize, (240, 192))
    assert [layer.name for layer in document] == list(LAYERS)
    blends = {"NORMAL": "normal", "MULTIPLY": "multiply", "LINEAR_DODGE": "add"}
    layers = [
        (
            blends[layer.blend_mode.name],
            layer.visible,
            np.rint(layer.numpy() * np.iinfo(dtype).max).astype(dtype),
        )
        for layer in document
    ]
    assert levels_apart(laid_over(layers), done.image) <= 1


@pytest.mark.parametrize("made", MADE)
def test_other_readers_of_psd_find_the_picture(made, tmp_path):
    pytest.importorskip("psd_tools")
    done = finished("cel", **made)
    write_layers(tmp_path / "out.psd", done)
    picture = read_picture(tmp_path / "out.psd")
    assert picture.dpi == pytest.approx((300, 300)) and picture.pixels.dtype == done.image.dtype
    opaque = np.full(done.image.shape[:2], True)
    if "alpha" in made:
        opaque = done.image[..., 3] == np.iinfo(done.image.dtype).max
        np.testing.assert_array_equal(picture.alpha, done.image[..., 3])
    np.testing.assert_array_equal(picture.pixels[opaque], done.image[opaque, :3])
    if done.image.dtype == np.uint8:
        with Image.open(tmp_path / "out.psd") as image:
            assert image.n_frames == len(LAYERS)
            np.testing.assert_array_equal(np.asarray(image.convert("RGB"))[opaque], done.image[opaque, :3])


def test_a_folder_gets_a_file_a_layer(tmp_path):
    done = finished()
    write_layers(tmp_path / "layers", done)
    listed = json.loads((tmp_path / "layers" / "layers.json").read_text())
    names = {path.name for path in (tmp_path / "layers").iterdir()}
    assert names == {"layers.json", "merged.png", *(f"{name}.png" for name in LAYERS)}
    layers = [
        (row["blend"], row["visible"], as_stored((tmp_path / "layers" / row["file"]).read_bytes()))
        for row in listed["layers"]
    ]
    assert levels_apart(laid_over(layers), done.image) <= 1
    with pytest.raises(OutputError, match="exists already"):
        write_layers(tmp_path / "layers", done)
    write_layers(tmp_path / "layers", done, overwrite=True)


def test_the_same_painting_gives_the_same_bytes(tmp_path):
    pytest.importorskip("psd_tools")
    for ending in ("ora", "psd"):
        for name in ("a", "b"):
            write_layers(tmp_path / f"{name}.{ending}", finished())
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("out.kra", UsageError, r"written as \.ora or \.psd"),
        ("out.png", UsageError, r"written as \.ora or \.psd"),
        ("there.ora", OutputError, "exists already"),
        ("none/out.ora", OutputError, "no such folder"),
        ("none/layers", OutputError, "no such folder"),
        ("file", OutputError, "is a file"),
    ],
)
def test_where_layers_cannot_go(name, error, message, tmp_path):
    for there in ("there.ora", "file"):
        (tmp_path / there).write_bytes(b"mine")
    with pytest.raises(error, match=message):
        check_layers(tmp_path / name)


def test_a_psd_without_the_package_says_how_to_get_it(tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UsageError, match=r"psd_tools is needed .* pip install 'rltn\[layers\]'"):
        write_layers(tmp_path / "out.psd", finished())
    assert list(tmp_path.iterdir()) == []


def test_a_psd_has_its_limit(tmp_path):
    check_layers_size(tmp_path / "out.ora", (10, 30_001))
    with pytest.raises(OutputError, match=r"at most 30,000 pixels per side; write \.ora instead"):
        check_layers_size(tmp_path / "out.psd", (10, 30_001))
