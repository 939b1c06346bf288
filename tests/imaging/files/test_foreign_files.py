"""Files that are no picture are called by their names, wherever a picture is read."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from rltn_cli.cli import run
from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.foreign_files import name_foreign
from rltn_cli.imaging.files.pictures import read_picture


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


FOREIGN = {
    "pointer.png": (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n", "Git LFS"),
    "page.jpg": (b"\n\n<!DOCTYPE html><html><title>404</title>", "a web page"),
    "page2.png": (b"\xef\xbb\xbf<html lang=de>", "a web page"),
    "page3.png": (b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML'>", "a web page"),
    "drawing.svg": (b"<?xml version='1.0'?>\n<!-- made by hand -->\n<svg xmlns='x'></svg>", "an SVG drawing"),
    "bare.svg": (b"<svg></svg>", "an SVG drawing"),
    "page.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF"),
    "page.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript drawing"),
    "page.clip": (b"CSFCHUNK\0\0\0\0\0\x10", "Clip Studio Paint"),
    "page.sai2": (b"SAI-CANVAS-TYPE0", "PaintTool SAI"),
    "page.xcf": (b"gimp xcf v011\0", "GIMP"),
    "page.mdp": (b"mdipack\0", "MediBang"),
    "page.exr": (b"\x76\x2f\x31\x01\x02\0\0\0", "OpenEXR"),
    "clip.mp4": (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2", "a video"),
    "photo.cr3": (b"\0\0\0\x18ftypcrx \0\0\0\1", "a camera's raw file"),
    "photo.cr2": (b"II*\0\x10\0\0\0CR\x02\0" + bytes(40), "a camera's raw file"),
    "photo.heic": (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "a HEIC picture"),
    "photo2.heic": (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", "a HEIC picture"),
    "photo.jxl": (b"\xff\x0a\x31\xe6\0", "a JPEG XL picture"),
    "photo2.jxl": (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    "archive.png": (archive(readme__txt=b"words"), "a ZIP archive"),
    "page.procreate": (archive(Document__archive=b"x"), "Procreate"),
    "bare.kra": (archive(mimetype=b"application/x-krita", maindoc__xml=b"<DOC/>"), "Krita drawing without"),
    "bare.ora": (archive(mimetype=b"image/openraster", stack__xml=b"<image/>"), "OpenRaster drawing without"),
    "zeros.png": (bytes(4000), "only zeros"),
    "more.7z": (b"7z\xbc\xaf\x27\x1c\0\4", "an archive"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pillow_heif", "pillow_jxl"):
        monkeypatch.setitem(__import__("sys").modules, module, None)


@pytest.mark.parametrize("name", FOREIGN)
def test_it_is_called_by_its_name(name: str, tmp_path: Path) -> None:
    data, called = FOREIGN[name]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(PictureError, match=called) as caught:
        read_picture(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "command",
    [
        ["colorize", "BAD", "-r", "GOOD", "-o", "out.png"],
        ["colorize", "GOOD", "-r", "BAD", "-o", "out.png"],
        ["batch", "BAD", "-r", "GOOD", "-o", "out"],
        ["extract-lines", "BAD", "-o", "out.png", "--method", "xdog"],
    ],
    ids=["sketch", "reference", "batch", "extract-lines"],
)
def test_commands_say_it(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("page.png").write_bytes(FOREIGN["page.clip"][0])
    good = str(Path(__file__).parents[2] / "cases" / "sketch.png")
    arguments = [{"BAD": "page.png", "GOOD": good}.get(word, word) for word in command]
    assert run(arguments) == 1
    assert (
        "page.png: a drawing of Clip Studio Paint (.clip); export it as PSD or PNG" in capsys.readouterr().err
    )


def test_pictures_are_not_taken_for_others():
    for path in (Path(__file__).parent / "samples").iterdir():
        if path.suffix not in (".md", ".ora", ".kra"):
            assert name_foreign(path.read_bytes()) is None


def test_a_raw_photo_that_pillow_would_take_for_its_thumbnail(tmp_path):
    thumbnail = struct.pack("<H", 5)
    for tag, kind, value in ((256, 3, 4), (257, 3, 4), (262, 3, 1), (273, 4, 0), (50706, 1, 1)):
        thumbnail += struct.pack("<HHII", tag, kind, 1, value)
    with pytest.raises(PictureError, match="a camera's raw file"):
        read_picture(b"II*\0\x08\0\0\0" + thumbnail + bytes(60))
