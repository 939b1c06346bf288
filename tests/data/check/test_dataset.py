import struct
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from rltn_cli.data.check.dataset import check_pairs
from rltn_cli.data.pairs import Pair
from rltn_cli.data.recipes import read_data
from rltn_cli.errors import DataError


def write(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)
    return path


def scene(seed: int, size: int = 96) -> np.ndarray:
    """A picture of coloured boxes on white that no other seed gives, BGR."""
    rng = np.random.default_rng(seed)
    picture = np.full((size, size, 3), 255, np.uint8)
    for _ in range(6):
        left, top = rng.integers(0, size * 2 // 3, 2)
        width, height = rng.integers(size // 8, size // 2, 2)
        color = tuple(int(value) for value in rng.integers(0, 220, 3))
        cv2.rectangle(picture, (int(left), int(top)), (int(left + width), int(top + height)), color, -1)
    return picture


def outline(picture: np.ndarray) -> np.ndarray:
    return 255 - cv2.Canny(picture, 40, 80)


def add(folder: Path, name: str, picture: np.ndarray, line: np.ndarray | None = None) -> None:
    write(folder / "color" / f"{name}.png", picture)
    write(folder / "line" / f"{name}.png", outline(picture) if line is None else line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six sound pairs."""
    for seed in range(6):
        add(tmp_path, f"s{seed}", scene(seed))
    return tmp_path


def check(folder: Path, **options: object):
    return check_pairs(read_data([str(folder)]), **options)


def lie(path: Path, width: int, height: int) -> None:
    """Write a PNG whose header claims a size that its few bytes do not hold."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(bytes(64)), b"IEND"]
    data = b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


def test_sound_pairs_pass_with_a_table_and_nothing_to_say(folder: Path) -> None:
    write(folder / "color" / "bare.png", scene(9, 64))
    seen: list[int] = []
    result = check(folder, progress=seen.append)
    assert result.notes == []
    assert [pair.id for pair in result.usable] == ["bare", *(f"s{n}" for n in range(6))]
    assert result.rows == [("train", folder.name, "7", "6", "1", "0", "64x64 to 96x96")]
    assert len(result.columns) == len(result.rows[0])
    assert seen[-1] == 7


def test_many_threads_find_the_same_and_leave_warnings_as_they_were(folder: Path) -> None:
    filters = list(warnings.filters)
    pairs = read_data([str(folder)]) * 20
    assert check_pairs(pairs, threads=8) == check_pairs(pairs, threads=1)
    assert list(warnings.filters) == filters


def test_splits_and_sources_have_rows_of_their_own(folder: Path) -> None:
    lines = [f"s{n},{'val' if n == 5 else 'train'},{'ink' if n < 3 else 'wash'}" for n in range(6)]
    (folder / "index.csv").write_text("id,split,source\n" + "\n".join(lines) + "\n")
    rows = check(folder).rows
    assert [row[:4] for row in rows] == [
        ("train", "ink", "3", "3"),
        ("train", "wash", "2", "2"),
        ("val", "wash", "1", "1"),
    ]


WHITE = np.full((96, 96, 3), 255, np.uint8)


def poison_all_white(folder: Path) -> None:
    add(folder, "bad", WHITE, WHITE)


def poison_one_pixel(folder: Path) -> None:
    add(folder, "bad", WHITE[:1, :1] // 2, WHITE[:1, :1])


def poison_200_megapixels(folder: Path) -> None:
    add(folder, "bad", scene(7))
    lie(folder / "color" / "bad.png", 20_000, 10_000)


def poison_colour_in_line(folder: Path) -> None:
    add(folder, "bad", scene(7), scene(7))


def poison_another_colour_in_line(folder: Path) -> None:
    add(folder, "bad", scene(7), scene(8))


def poison_no_lines(folder: Path) -> None:
    add(folder, "bad", scene(7), WHITE)


def poison_proportions(folder: Path) -> None:
    add(folder, "bad", scene(7), outline(scene(7))[:60])


def poison_cut_short(folder: Path) -> None:
    add(folder, "bad", scene(7))
    data = (folder / "color" / "bad.png").read_bytes()
    (folder / "color" / "bad.png").write_bytes(data[: len(data) // 2])


def poison_pointer(folder: Path) -> None:
    add(folder, "bad", scene(7))
    (folder / "line" / "bad.png").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")


@pytest.mark.parametrize(
    ("poison", "words"),
    [
        (poison_all_white, ("which are empty", "color/bad.png has only one colour", "remove them")),
        (poison_one_pixel, ("too small or too narrow", "color/bad.png is 1x1", "at least 16 pixels")),
        (poison_200_megapixels, ("color/bad.png: more than 150,000,000 pixels; save it smaller",)),
        (poison_colour_in_line, ("a colour picture as line art", "line/bad.png is coloured")),
        (poison_another_colour_in_line, ("a colour picture as line art", "line/bad.png is coloured")),
        (poison_no_lines, ("no lines in their line art", "line/bad.png shows no line")),
        (poison_proportions, ("bad.png is 96x60 but", "same proportions")),
        (poison_cut_short, ("color/bad.png: damaged or cut short",)),
        (poison_pointer, ("line/bad.png: a pointer of Git LFS", "run git lfs pull")),
    ],
)
def test_a_pair_that_cannot_be_used_is_left_out_and_named(folder: Path, poison, words) -> None:
    poison(folder)
    result = check(folder)
    assert [pair.id for pair in result.usable] == [f"s{n}" for n in range(6)]
    (note,) = result.notes
    assert note.startswith("pairs left out, which")
    assert "\n" not in note
    for word in words:
        assert word in note
    assert result.rows[0][5] == "1"
    assert result.findings[0].left_out


@pytest.mark.parametrize("poison", [poison_all_white, poison_200_megapixels, poison_colour_in_line])
def test_where_most_is_unusable_the_whole_is_refused(tmp_path: Path, poison) -> None:
    for number in range(4):
        poison(tmp_path)
        for part in ("color", "line"):
            (tmp_path / part / "bad.png").rename(tmp_path / part / f"{number}.png")
    add(tmp_path, "good", scene(1))
    with pytest.raises(DataError) as caught:
        check(tmp_path)
    text = str(caught.value)
    assert text.startswith("4 of the 5 pairs of split train cannot be used; 4 ")
    assert "0.png" in text
    assert "; and 1 more; " in text
    assert "\n" not in text


def test_partners_that_are_missing_are_named(folder: Path) -> None:
    write(folder / "line" / "lonely.png", outline(scene(8)))
    (folder / "index.csv").write_text("id\n" + "".join(f"s{n}\n" for n in range(5)))
    notes = check(folder).notes
    assert notes == [
        "line art without a colour picture of the same name (1): line/lonely.png",
        "colour pictures left out, as index.csv does not list them (1): color/s5.png",
    ]


def test_line_art_under_other_names_is_refused(folder: Path) -> None:
    for path in sorted((folder / "line").iterdir()):
        path.rename(path.with_name(f"{path.stem}_line.png"))
    with pytest.raises(
        DataError, match=r"none of the 6 pictures in line/ has the name of one in color/ \(s0_l"
    ):
        check(folder)


def test_faint_line_art_and_grey_pictures_are_noted_and_kept(folder: Path) -> None:
    stroke = np.full((96, 96), 255, np.uint8)
    stroke[5, 5:10] = 0
    add(folder, "faint", scene(7), stroke)
    add(folder, "grey", np.repeat(scene(8).mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2))
    result = check(folder)
    assert len(result.usable) == 8
    assert result.notes == [
        "nearly empty line art (1): line/faint.png",
        "grey pictures, from which no colours can be learned (1): color/grey.png",
    ]
    assert not any(finding.left_out for finding in result.findings)


def test_the_same_picture_again_is_noted(folder: Path) -> None:
    larger = cv2.resize(scene(0), (240, 240), interpolation=cv2.INTER_CUBIC)
    add(folder, "t0", larger)
    add(folder, "u0", scene(0))
    add(folder, "recolored", scene(0)[:, :, ::-1])
    result = check(folder)
    assert result.notes == [
        "pictures that occur several times and therefore count more (1): "
        "color/s0.png = color/t0.png = color/u0.png"
    ]
    assert len(result.usable) == 9


def test_a_training_picture_that_is_validated_on_is_left_out(folder: Path) -> None:
    add(folder, "s0", scene(20, 256))
    jpeg = cv2.imencode(".jpg", scene(20, 256), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    (folder / "color" / "copy.jpg").write_bytes(jpeg.tobytes())
    rows = ["id,split", "copy,val", *(f"s{n},train" for n in range(6))]
    (folder / "index.csv").write_text("\n".join(rows))
    result = check(folder)
    assert [pair.id for pair in result.usable] == ["copy", *(f"s{n}" for n in range(1, 6))]
    (note,) = result.notes
    assert note.startswith("left out of training, as their picture is also in another split (1): ")
    assert note.endswith("color/s0.png = color/copy.jpg")


def test_training_on_nothing_but_validation_pictures_is_refused(folder: Path) -> None:
    pairs = read_data([str(folder)])
    doubled = pairs + [Pair(f"v{p.id}", p.color, p.line, split="val") for p in pairs]
    with pytest.raises(DataError, match="every training picture is also in another split"):
        check_pairs(doubled)
    with pytest.raises(DataError, match="no pairs to train on"):
        check_pairs([])


def test_side_by_side_pairs_and_pictures_alone_are_checked_too(tmp_path: Path) -> None:
    for split, seeds in (("train", (0, 1, 2)), ("val", (3, 4))):
        for seed in seeds:
            picture = scene(seed)
            line = np.repeat(outline(picture)[..., None], 3, axis=2)
            write(tmp_path / "ascp" / split / f"{seed}.png", np.concatenate([picture, line], axis=1))
    write(tmp_path / "alone" / "blank.png", WHITE)
    for seed in (5, 6):
        write(tmp_path / "alone" / f"{seed}.png", scene(seed))
    result = check_pairs(read_data([f"ascp:{tmp_path / 'ascp'}", str(tmp_path / "alone")]))
    assert [row[:6] for row in result.rows] == [
        ("train", "alone", "2", "0", "2", "1"),
        ("train", "ascp", "3", "3", "0", "0"),
        ("val", "ascp", "2", "2", "0", "0"),
    ]
    assert "alone/blank.png has only one colour" in result.notes[0]
