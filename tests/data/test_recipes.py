import errno
import logging
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from rltn_cli.data.pairs import Pair, load_pair
from rltn_cli.data.recipes import read_data
from rltn_cli.errors import DataError


def draw(path: Path, size: tuple[int, int] = (16, 16), value: int = 120) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))


def ids(pairs: list[Pair]) -> list[str]:
    return [pair.id for pair in pairs]


def message(*specs: object) -> str:
    with pytest.raises(DataError) as caught:
        read_data([str(spec) for spec in specs])
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "art"
    for name in ("cover.png", "luna/01.png", "luna/02.jpg", "luna/night/03.png", ".trash/04.png"):
        draw(folder / name)
    (folder / "notes.txt").write_text("no picture")
    (folder / "luna" / "._01.png").write_bytes(b"resource fork")
    return folder


def test_colour_pictures_alone_are_pairs_without_lines(pictures: Path) -> None:
    pairs = read_data([str(pictures)])
    assert {pair.id: pair.group for pair in pairs} == {
        "cover": "cover",
        "luna/01": "luna",
        "luna/02": "luna",
        "luna/night/03": "luna/night",
    }
    assert {(pair.line, pair.split, pair.source) for pair in pairs} == {(None, "train", "art")}
    assert [pair.palette for pair in pairs] == ids(pairs)


def test_folders_named_for_a_split_are_splits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("train/a/1.png", "Validation/a/1.png", "other/2.png"):
        draw(tmp_path / name)
    draw(tmp_path / "loose.png")
    pairs = read_data([str(tmp_path)])
    assert {pair.id: pair.split for pair in pairs} == {"train/a/1": "train", "Validation/a/1": "val"}
    assert len({pair.group for pair in pairs}) == 2
    assert sorted(Path(record.args[0]).name for record in caplog.records) == ["loose.png", "other"]


def test_several_folders_do_not_mix_their_names(pairs_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(pairs_folder, tmp_path / "again" / "pairs")
    draw(tmp_path / "art" / "fox-0.png")
    specs = [str(pairs_folder), str(tmp_path / "again" / "pairs"), str(tmp_path / "art")]
    pairs = read_data(specs)
    assert len(set(ids(pairs))) == len(pairs) == 15
    assert {"pairs/fox-0", "pairs-2/fox-0", "art/fox-0"} <= set(ids(pairs))
    groups = {pair.group for pair in pairs if pair.id.endswith("fox-0")}
    assert groups == {"pairs/fox", "pairs-2/fox", "art/fox-0"}
    assert {pair.source for pair in pairs} == {"comic", "sprite", "art"}
    assert "pairs: named twice" in message(pairs_folder, tmp_path / "again" / ".." / "pairs")


def test_what_is_no_folder_of_pictures_is_said(tmp_path: Path) -> None:
    assert message() == "no data; name a folder of pictures to train on"
    assert "there is no such folder" in message(tmp_path / "none")
    assert "C:\\pictures: there is no such folder" in message("C:\\pictures")
    assert "D:/pictures: there is no such folder" in message("D:/pictures")
    assert "there is no recipe danbooru; the recipes are openlines, openposes, celebahq" in message(
        "danbooru:x"
    )
    assert "name the folder after the colon, as in ascp:PATH" in message("ascp:")
    (tmp_path / "set.zip").write_bytes(b"PK")
    assert "is a file; if it is an archive, unpack it" in message(tmp_path / "set.zip")
    assert "no pictures in it or in its subfolders; unpack set.zip first" in message(tmp_path)
    draw(tmp_path / "a.png")
    draw(tmp_path / "a.jpg")
    assert "a second picture of the same name as a.jpg" in message(tmp_path)


def test_a_folder_that_may_not_be_read_is_named(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def refuse(place: str) -> object:
        if str(place).endswith("luna"):
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", refuse)
    assert "luna: cannot be read (Permission denied)" in message(pictures)


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (("colours", "lines"), "has colours/ and lines/; a folder of pairs must name them color/ and line/"),
        (("sketch",), "has sketch/ but no color/; put the coloured pictures in color/"),
        (("CelebA-HQ-img",), "this is a published data set; name it as celebahq:"),
    ],
)
def test_other_layouts_are_recognised(tmp_path: Path, folders: tuple[str, ...], expected: str) -> None:
    for folder in folders:
        draw(tmp_path / folder / "1.png")
    assert expected in message(tmp_path)


def test_a_folder_whose_name_has_a_colon_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(tmp_path / "ascp:mine" / "1.png")
    monkeypatch.chdir(tmp_path)
    assert ids(read_data(["ascp:mine"])) == ["1"]


def test_openlines_is_whole_or_refused(pairs_folder: Path) -> None:
    assert len(read_data([f"openlines:{pairs_folder}"])) == 7
    (pairs_folder / "line" / "fox-1.png").unlink()
    assert "no line art line/fox-1.* (1 missing); copy the whole folder" in message(
        f"openlines:{pairs_folder}"
    )
    (pairs_folder / "index.csv").unlink()
    assert "index.csv, which holds splits and groups, is missing" in message(f"openlines:{pairs_folder}")
    shutil.rmtree(pairs_folder / "line")
    assert "line, which holds the line art, is missing" in message(f"openlines:{pairs_folder}")


NUMBERS = (0, 1999, 2000, 23999, 24000, 29999)


@pytest.fixture
def celebahq(tmp_path: Path) -> Path:
    """A copy of the published structure with the pictures at the borders of folders and splits."""
    root = tmp_path / "CelebAMask-HQ"
    for number in NUMBERS:
        draw(root / "CelebA-HQ-img" / f"{number}.jpg", (32, 32))
        for part, place in (("skin", np.s_[4:12, 4:12]), ("hair", np.s_[2:6, 4:12])):
            mask = np.zeros((16, 16, 3), np.uint8)
            mask[place] = 255
            folder = root / "CelebAMask-HQ-mask-anno" / str(number // 2000)
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / f"{number:05d}_{part}.png"), mask)
    (root / "CelebA-HQ-to-CelebA-mapping.txt").write_text("idx orig_idx orig_file\n")
    return root


def test_celebahq(celebahq: Path, caplog: pytest.LogCaptureFixture) -> None:
    pairs = read_data([f"celebahq:{celebahq}"])
    assert ids(pairs) == [f"{number:05d}" for number in NUMBERS]
    assert [pair.split for pair in pairs] == ["train"] * 4 + ["val"] * 2
    color, line = load_pair(pairs[2], 64)
    assert color.shape == (64, 64, 3)
    assert line.min() < 100
    assert line[0, 0] == 255
    assert "4 of the 24,000 pictures of split train are there" in caplog.text
    assert "2 of the 6,000 pictures of split val" in caplog.text
    for place in (celebahq.parent, celebahq / "CelebA-HQ-img"):
        assert ids(read_data([f"celebahq:{place}"])) == ids(pairs)


def test_celebahq_without_some_masks(celebahq: Path, caplog: pytest.LogCaptureFixture) -> None:
    for part in ("skin", "hair"):
        (celebahq / "CelebAMask-HQ-mask-anno" / "0" / f"00000_{part}.png").unlink()
    with caplog.at_level(logging.WARNING):
        assert ids(read_data([f"celebahq:{celebahq}"]))[0] == "01999"
    assert "no mask for 0.jpg; these are left out" in caplog.text


def test_celebahq_incomplete(celebahq: Path) -> None:
    masks, images = celebahq / "CelebAMask-HQ-mask-anno", celebahq / "CelebA-HQ-img"
    shutil.move(masks / "14", celebahq / "14")
    assert "no folders 14/ of its 0/ to 14/" in message(f"celebahq:{celebahq}")
    shutil.move(celebahq / "14", masks / "14")
    (images / "24000.jpg").rename(images / "x24000.jpg")
    (images / "29999.jpg").rename(images / "x29999.jpg")
    assert "none of the 6,000 pictures of split val is there" in message(f"celebahq:{celebahq}")
    for folder in sorted(masks.iterdir()):
        shutil.rmtree(folder)
        folder.mkdir()
    assert "no mask for any picture (0.jpg, 1999.jpg, 2000.jpg and 1 more)" in message(f"celebahq:{celebahq}")
    shutil.rmtree(masks)
    assert "no folder CelebAMask-HQ-mask-anno/, whose masks give the lines" in message(f"celebahq:{celebahq}")
    shutil.rmtree(images)
    images.mkdir()
    assert "no pictures named 0.jpg to 29999.jpg" in message(f"celebahq:{celebahq}")
    images.rmdir()
    assert "no folder CelebA-HQ-img/ in it or in its subfolders; it contains no folders" in message(
        f"celebahq:{celebahq}"
    )
    (celebahq / "CelebAMask-HQ.zip").write_bytes(b"PK")
    assert "unpack CelebAMask-HQ.zip first" in message(f"celebahq:{celebahq}")
    assert "is an archive; unpack it" in message(f"celebahq:{celebahq / 'CelebAMask-HQ.zip'}")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "the file is empty; its download or copy was cut off"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "run git lfs pull"),
        (b"<!DOCTYPE html><title>Quota exceeded</title>", "a web page that was saved under this name"),
        (bytes(500), "the file contains only zeros"),
        (b"\xff\xd8\xff", "not a readable picture"),
    ],
)
def test_files_that_only_look_downloaded_are_named(celebahq: Path, content: bytes, fault: str) -> None:
    (celebahq / "CelebA-HQ-img" / "0.jpg").write_bytes(content)
    text = message(f"celebahq:{celebahq}")
    assert fault in text
    assert "0.jpg" in text
    assert text.endswith("download CelebA-HQ again")


def test_celeba_is_not_celebahq(celebahq: Path) -> None:
    draw(celebahq / "CelebA-HQ-img" / "0.jpg", (218, 178))
    assert "is 178x218, but pictures of CelebA-HQ are square" in message(f"celebahq:{celebahq}")


@pytest.fixture
def ascp(tmp_path: Path) -> Path:
    """A copy of the published structure: data/{train,val}/NUMBER.png and data/colorgram/NUMBER.json."""
    for split, names in (("train", ("1000003", "2")), ("val", ("2",))):
        for name in names:
            both = np.full((16, 32, 3), 255, np.uint8)
            both[:, :16] = (30, 60, 200)
            both[:, 24:26] = 0
            (tmp_path / "data" / split).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(tmp_path / "data" / split / f"{name}.png"), both)
    (tmp_path / "data" / "colorgram").mkdir()
    return tmp_path


def test_ascp(ascp: Path, caplog: pytest.LogCaptureFixture) -> None:
    pairs = read_data([f"ascp:{ascp}"])
    assert ids(pairs) == ["train-1000003", "train-2", "val-2"]
    assert [pair.split for pair in pairs] == ["train", "train", "val"]
    color, line = load_pair(pairs[0], 16)
    assert (color == (200, 60, 30)).all()
    assert (line[:, 8] == 0).all()
    assert (line[:, 4] == 255).all()
    assert "2 of the 14,224 pictures of split train" in caplog.text
    assert ids(read_data([f"ASCP:{ascp / 'data' / 'train'}"])) == ids(pairs)
    assert "name it as ascp:" in message(ascp / "data")


def test_ascp_incomplete(ascp: Path) -> None:
    draw(ascp / "data" / "val" / "2.png", (16, 16))
    assert "is 16x16, but pictures of ASCP are 2 times as wide as high" in message(f"ascp:{ascp}")
    (ascp / "data" / "val" / "2.png").unlink()
    assert "val: no pictures in it" in message(f"ascp:{ascp}")
    (ascp / "data" / "val").rmdir()
    assert "has train/ but no val/" in message(f"ascp:{ascp}")
    shutil.rmtree(ascp / "data" / "train")
    assert "no folder train/ in it or in its subfolders; it contains data/" in message(f"ascp:{ascp}")


@pytest.fixture
def metfaces(tmp_path: Path) -> Path:
    root = tmp_path / "metfaces-dataset"
    for name in ("10016-00", "10016-01", "11713-00", "1005-00", "9-00"):
        draw(root / "images" / f"{name}.png", (32, 32))
    draw(root / "unprocessed" / "image-11713.png")
    (root / "metfaces.json").write_text("[]")
    return root


def test_metfaces(metfaces: Path, caplog: pytest.LogCaptureFixture) -> None:
    pairs = read_data([f"metfaces:{metfaces.parent}"])
    assert ids(pairs) == ["10016-00", "10016-01", "1005-00", "11713-00", "9-00"]
    assert [pair.split for pair in pairs] == ["train"] * 4 + ["val"]
    assert pairs[0].group == pairs[1].group != pairs[2].group
    assert {(pair.method, pair.has_lines) for pair in pairs} == {("hed", False)}
    assert "1 of the 267 pictures of split val are there" in caplog.text
    assert "name it as metfaces:" in message(metfaces)


def test_metfaces_splits_are_the_papers(metfaces: Path) -> None:
    (metfaces / "images" / "9-00.png").rename(metfaces / "images" / "0-00.png")
    source = metfaces / "images" / "0-00.png"
    for number in range(1336 - 5):
        (metfaces / "images" / f"2{number:04d}-00.png").hardlink_to(source)
    pairs = read_data([f"metfaces:{metfaces}"])
    assert [sum(pair.split == split for pair in pairs) for split in ("train", "val")] == [1069, 267]


def test_metfaces_incomplete(metfaces: Path) -> None:
    shutil.rmtree(metfaces / "images")
    assert "no folder images/ in it or in its subfolders; it contains unprocessed/" in message(
        f"metfaces:{metfaces}"
    )
    draw(metfaces / "images" / "portrait.png")
    assert "no pictures named like 11713-00.png" in message(f"metfaces:{metfaces}")
    draw(metfaces / "images" / "1-00.png")
    assert "none of the 1,069 pictures of split train is there" in message(f"metfaces:{metfaces}")


def test_openposes_is_openlines_with_places_on_figures(pairs_folder: Path) -> None:
    assert "coords, which holds places on figures, is missing" in message(f"openposes:{pairs_folder}")
    (pairs_folder / "coords").mkdir()
    known = read_data([f"openposes:{pairs_folder}"])
    assert {pair.coords for pair in known} == {None}
    cv2.imwrite(str(pairs_folder / "coords" / f"{known[0].id}.png"), np.zeros((4, 4, 4), np.uint8))
    assert read_data([f"openposes:{pairs_folder}"])[0].coords is not None
    (pairs_folder / "index.csv").unlink()
    assert f"openposes:{pairs_folder}: index.csv, which holds splits and groups, is missing" in message(
        f"openposes:{pairs_folder}"
    )
