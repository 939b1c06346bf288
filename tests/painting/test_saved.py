import io
import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.painted import BAR, BOX, painting

from rltn_cli.errors import OutputError, PaintingError, UsageError
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.region_edits import RegionEdit
from rltn_cli.painting.saved import decode_painting, encode_painting, open_painting, save_painting

ROOT = Path(__file__).resolve().parent.parent.parent
FINISHES = ("paint", "cel", "flat", "raw")
EDITS = (RegionEdit("split", ((60, 30), (60, 170))), RegionEdit("merge", (BOX, BAR)))


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"depth": np.uint16},
        {"alpha": True},
        {"depth": np.uint16, "alpha": True},
        {"figure": (30, 170, 30, 230)},
    ],
)
def test_a_saved_painting_gives_the_same_pictures(made, tmp_path):
    before = painting(**made)
    save_painting(tmp_path / "out.rltn", before)
    after, options = open_painting(tmp_path / "out.rltn")
    assert options == FinishOptions() and after.dpi == (300.0, 300.0) and after.origin == before.origin
    for finish in FINISHES:
        for given in ({}, {"fixes": (Fix(*BOX, (0, 200, 0)),), "gap": 5.0} if finish != "raw" else {}):
            wanted = FinishOptions(finish=finish, **given)
            np.testing.assert_array_equal(
                finish_painting(after, wanted).image, finish_painting(before, wanted).image
            )
    np.testing.assert_array_equal(after.matches.places, before.matches.places)


def test_the_options_are_taken_up_again(tmp_path):
    options = FinishOptions(
        "flat", "none", 3.5, Palette(np.array([(1, 2, 3), (255, 255, 255)], np.uint8)),
        (Fix(*BOX, (0, 200, 0)), Fix(*BAR, 1)), True, edits=EDITS,
    )  # fmt: skip
    save_painting(tmp_path / "out.rltn", painting(), options)
    _, again = open_painting(tmp_path / "out.rltn")
    assert again.palette.hexes == options.palette.hexes
    assert (again.finish, again.lines, again.gap, again.fixes, again.fix_alike, again.edits) == (
        "flat", "none", 3.5, options.fixes, True, EDITS,
    )  # fmt: skip


def test_files_of_version_1_have_no_edits(whole):
    def as_before(data: bytes) -> bytes:
        values = json.loads(data)
        values["format"] = 1
        del values["options"]["edits"]
        return json.dumps(values).encode()

    _, options = decode_painting(rewritten(whole, {"painting.json": as_before}))
    assert options.edits == ()


@pytest.mark.parametrize("edit", ["split 5,5", "cut 5,5 6,6", "split 5,5 240,6", "merge 5,5 ../x", "merge"])
def test_edits_that_make_no_sense_are_refused(edit, whole):
    def with_edit(data: bytes) -> bytes:
        values = json.loads(data)
        values["options"]["edits"] = [edit]
        return json.dumps(values).encode()

    with pytest.raises(PaintingError, match="damaged"):
        decode_painting(rewritten(whole, {"painting.json": with_edit}))


def test_the_same_painting_gives_the_same_bytes():
    assert encode_painting(painting(), FinishOptions()) == encode_painting(painting(), FinishOptions())


def test_regions_are_not_sought_again(monkeypatch):
    after, _ = decode_painting(encode_painting(painting(), FinishOptions()))
    monkeypatch.setattr("rltn_cli.painting.painting.map_regions", None)
    after.decide()
    with pytest.raises(TypeError):
        after.decide(gap=9)


def test_it_is_a_zip_of_png_safetensors_and_json():
    from safetensors.numpy import load

    with zipfile.ZipFile(io.BytesIO(encode_painting(painting(), FinishOptions()))) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert json.loads(archive.read("painting.json"))["origin"]["model_sha256"] == "0" * 64
        assert load(archive.read("arrays.safetensors"))["regions"].max() == 4


def test_pytorch_is_not_imported(tmp_path):
    save_painting(tmp_path / "out.rltn", painting())
    program = (
        "import sys; from rltn_cli.cli import run; "
        "base = ['colorize', 'out.rltn', '--finish', 'cel', '-o', 'o.png']; "
        "assert run([*base, '--fix', '60,100=0c0']) == 2; "
        "assert run([*base, '--fix', '60,100=0c0c0c']) == 0; "
        "assert 'torch' not in sys.modules and 'safetensors.torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "o.png").is_file()


def test_a_painting_is_saved_whole_under_its_ending_and_over_nothing(tmp_path):
    with pytest.raises(UsageError, match=r"saved as \.rltn"):
        save_painting(tmp_path / "out.zip", painting())
    (tmp_path / "out.rltn").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        save_painting(tmp_path / "out.rltn", painting())
    assert (tmp_path / "out.rltn").read_bytes() == b"mine"


@pytest.fixture(scope="module")
def whole() -> bytes:
    return encode_painting(painting(), FinishOptions())


def rewritten(whole: bytes, changes: dict, *, extra: dict | None = None, leave_out: tuple = ()) -> bytes:
    """Return a saved painting with some of its files changed by functions of their bytes."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            if name not in leave_out:
                data = source.read(name)
                target.writestr(name, changes[name](data) if name in changes else data)
        for name, data in (extra or {}).items():
            target.writestr(name, data)
    return buffer.getvalue()


def described(whole: bytes, **values) -> bytes:
    return rewritten(whole, {"painting.json": lambda data: json.dumps(json.loads(data) | values).encode()})


def test_what_is_no_saved_painting_is_refused(whole, tmp_path):
    for data in (
        b"",
        b"a text",
        b"\x89PNG\r\n\x1a\n",
        rewritten(whole, {"mimetype": lambda _: b"image/openraster"}),
    ):
        with pytest.raises(PaintingError, match="not a painting that rltn saved"):
            decode_painting(data)
    with pytest.raises(PaintingError, match="cannot be read"):
        open_painting(tmp_path / "missing.rltn")


def test_a_newer_version_is_named(whole):
    with pytest.raises(PaintingError, match=r"newer rltn \(format 3, this one reads 2\); update rltn"):
        decode_painting(described(whole, format=3, unknown="key"))
    for other in (0, "1", None, True):
        with pytest.raises(PaintingError, match="damaged"):
            decode_painting(described(whole, format=other))


def test_every_cut_is_refused(whole):
    for length in (*range(4, len(whole), max(1, len(whole) // 60)), len(whole) - 1):
        with pytest.raises(PaintingError, match="damaged or cut short"):
            decode_painting(whole[:length], "out.rltn")


def test_flipped_bytes_are_refused_or_harmless(whole):
    expected = finish_painting(decode_painting(whole)[0], FinishOptions("flat")).image
    rng = np.random.default_rng(0)
    refused = 0
    for place in rng.integers(0, len(whole), 150):
        broken = bytearray(whole)
        broken[place] ^= 1 << int(rng.integers(8))
        try:
            after, _ = decode_painting(bytes(broken))
        except PaintingError:
            refused += 1
            continue
        np.testing.assert_array_equal(finish_painting(after, FinishOptions("flat")).image, expected)
    assert refused > 75


@pytest.mark.parametrize(
    "values",
    [
        {"size": [100_000, 100_000]},
        {"size": [0, 5]},
        {"size": [192, 241]},
        {"network": [1 << 20, 1 << 20]},
        {"network": [64, 79]},
        {"colors": 0},
        {"colors": 200},
        {"references": []},
        {"references": [[1 << 16, 1 << 16]]},
        {"references": [[64, 65]]},
        {"references": [[64, 64]] * 2},
        {"depth": 16},
        {"depth": 32},
        {"alpha": True},
        {"dpi": [0, 1]},
        {"figure": [0, 500, 0, 10]},
        {"gap": -1},
        {"program": 3},
        {"more": 1},
        {"options": {}},
    ],
    ids=str,
)
def test_descriptions_that_do_not_fit_are_refused(values, whole):
    with pytest.raises(PaintingError, match="damaged"):
        decode_painting(described(whole, **values))


def test_numbers_out_of_range_are_refused(whole):
    def changed(name: str, value: float):
        def change(data: bytes) -> bytes:
            length = int.from_bytes(data[:8], "little")
            entry = json.loads(data[8 : 8 + length])[name]
            place = 8 + length + entry["data_offsets"][0]
            packed = struct.pack("<i" if entry["dtype"] == "I32" else "<f", value)
            return data[:place] + packed + data[place + 4 :]

        return rewritten(whole, {"arrays.safetensors": change})

    for name, value in (
        ("regions", 0), ("regions", 10**6), ("regions", 1000), ("matches", 1), ("matches", -1),
        ("colors", float("nan")), ("colors", 2.0), ("attention", -0.5), ("contacts", float("inf")),
    ):  # fmt: skip
        with pytest.raises(PaintingError, match="damaged"):
            decode_painting(changed(name, value))


def test_other_files_and_repeated_names_are_refused_and_nothing_is_unpacked(whole, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for broken in (
        rewritten(whole, {}, extra={"../evil.png": b"x"}),
        rewritten(whole, {}, extra={"/tmp/evil": b"x"}),
        rewritten(whole, {}, leave_out=("grey.png",)),
        rewritten(whole, {"grey.png": lambda _: b"a text"}),
        rewritten(whole, {"painting.json": lambda _: b"[" * 100_000}),
        rewritten(whole, {"arrays.safetensors": lambda data: data + b"more"}),
        rewritten(whole, {"arrays.safetensors": lambda data: b"\xff" * 8 + data[8:]}),
    ):
        with pytest.raises(PaintingError, match=r"damaged|not a painting"):
            decode_painting(broken)
    assert list(tmp_path.iterdir()) == []


def test_what_claims_to_be_enormous_is_refused_before_it_is_unpacked(whole):
    bomb = rewritten(whole, {"arrays.safetensors": lambda _: bytes(50 << 20)})
    assert len(bomb) < 1 << 20
    with pytest.raises(PaintingError, match="larger than it can be"):
        decode_painting(bomb)
