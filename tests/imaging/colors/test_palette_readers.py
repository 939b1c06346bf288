import io
import struct
import zipfile

import pytest

from rltn_cli.errors import UsageError
from rltn_cli.imaging.colors.palette_files import load_palette


def ase(*blocks):
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def swatch(model, *values, name="one"):
    text = (name + "\0").encode("utf-16-be")
    body = struct.pack(">H", len(name) + 1) + text + model + struct.pack(f">{len(values)}fH", *values, 0)
    return struct.pack(">HI", 1, len(body)) + body


def aco(version, *colors, names=False):
    rows = b""
    for values in colors:
        rows += struct.pack(">5H", *values)
        if version == 2:
            rows += struct.pack(">IHH", 2, ord("a"), 0)
    return struct.pack(">HH", version, len(colors)) + rows


def kpl(xml):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "krita/x-colorset")
        archive.writestr("profiles.xml", "<Profiles/>")
        archive.writestr("colorset.xml", xml)
    return buffer.getvalue()


def entry(values, row, column):
    return (
        f'<ColorSetEntry id="1" name="a" spot="false" bitdepth="U8">{values}'
        f'<Position row="{row}" column="{column}"/></ColorSetEntry>'
    )


GROUP = struct.pack(">HIH", 0xC001, 8, 3) + "ab\0".encode("utf-16-be"), struct.pack(">HI", 0xC002, 0)
FILES = {
    "rgb.ase": (
        ase(GROUP[0], swatch(b"RGB ", 1.0, 0.5, 0.0), swatch(b"RGB ", 0.0, 0.0, 1.0), GROUP[1]),
        ["#ff8000", "#0000ff"],
    ),
    "other.ase": (
        ase(swatch(b"CMYK", 0, 1, 1, 0), swatch(b"Gray", 0.2), swatch(b"LAB ", 0.0, 0, 0)),
        ["#ff0000", "#333333", "#000000"],
    ),
    "one.aco": (aco(1, (0, 65535, 128 * 257, 0, 0), (0, 0, 0, 65535, 0)), ["#ff8000", "#0000ff"]),
    "two.aco": (
        aco(1, (0, 65535, 0, 0, 0)) + aco(2, (0, 65535, 0, 0, 0)),
        ["#ff0000"],
    ),
    "named.aco": (
        aco(2, (1, 21845, 65535, 65535, 0), (2, 65535, 0, 0, 65535), (7, 10000, 0, 0, 0), (8, 8000, 0, 0, 0)),
        ["#00ff00", "#ff0000", "#ffffff", "#333333"],
    ),
    "a.kpl": (
        kpl(
            '<Colorset name="x" columns="2" version="1.0">'
            + entry('<RGB space="sRGB" r="0" g="0" b="1"/>', 0, 1)
            + entry('<RGB space="sRGB" r="1" g="0.5" b="0"/>', 0, 0)
            + '<Group name="more" rows="1">'
            + entry('<Gray space="x" g="0.2"/>', 0, 0)
            + entry('<CMYK space="x" c="0" m="1" y="1" k="0"/>', 1, 0)
            + entry('<Lab space="x" L="1" a="0.50196" b="0.50196"/>', 2, 0)
            + "</Group></Colorset>"
        ),
        ["#ff8000", "#0000ff", "#333333", "#ff0000", "#ffffff"],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_palettes_of_painting_programs_are_read(name, tmp_path):
    data, colors = FILES[name]
    (tmp_path / name).write_bytes(data)
    assert load_palette(str(tmp_path / name)).hexes == colors
    (tmp_path / name.upper()).write_bytes(data)
    assert load_palette(str(tmp_path / name.upper())).hexes == colors


@pytest.mark.parametrize("name", FILES)
def test_every_cut_is_refused(name, tmp_path):
    data, _ = FILES[name]
    whole = len(data) // 2 if name == "two.aco" else len(data)  # the second section is not needed
    path = tmp_path / name
    for length in range(min(whole, 14) if name == "two.aco" else whole):
        path.write_bytes(data[:length])
        with pytest.raises(UsageError, match=r"is no|damaged or cut short|not 0"):
            load_palette(str(path))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.ase", b"once upon a time", "is not an Adobe Swatch Exchange file"),
        ("a.ase", ase(swatch(b"HSB ", 0, 0, 0)), "unknown model 'HSB'"),
        ("a.ase", ase(swatch(b"RGB ", 0, 0, float("nan"))), "not a number"),
        ("a.aco", b"once upon a time", "is not an Adobe Color file"),
        ("a.aco", aco(1, (3, 0, 0, 0, 0)), "unknown colour space 3"),
        ("a.kpl", b"once upon a time", "is not a Krita palette"),
        ("a.kpl", kpl("<Colorset"), "damaged"),
        ("a.kpl", kpl("<!DOCTYPE x><Colorset/>"), "not plain XML"),
        ("a.kpl", kpl("<Colorset/>"), "not 0"),
        ("a.kpl", kpl(f"<Colorset>{entry('<XYZ/>', 0, 0)}</Colorset>"), "unknown model"),
        ("a.kpl", kpl(" " * (1 << 21)), "too long"),
        ("a.act", b"", "palettes are read from .gpl, .ase, .aco, .kpl"),
        ("a.gpl", b"x" * (1 << 21), "too large"),
    ],
)
def test_what_is_no_palette_is_refused(name, data, message, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=message):
        load_palette(str(tmp_path / name))
