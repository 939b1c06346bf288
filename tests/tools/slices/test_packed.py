import cv2
import numpy as np
import pytest
import torch
from slices.packed import PackedStore, write_pack

from rltn_cli.data.pairs import load_pair, read_pairs
from rltn_cli.data.stores import VARIANTS, FolderStore, extract_variant
from rltn_cli.errors import DataError


@pytest.fixture
def pairs(tmp_path):
    for part in ("color", "line"):
        (tmp_path / part).mkdir()
    for i in range(4):
        color = np.full((64, 64, 3), 255, np.uint8)
        cv2.circle(color, (20 + 6 * i, 32), 14, (40 * i, 90, 200 - 40 * i), -1)
        line = np.full((64, 64), 255, np.uint8)
        cv2.circle(line, (20 + 6 * i, 32), 14, 0, 2)
        cv2.imwrite(str(tmp_path / "color" / f"{i}.png"), color)
        cv2.imwrite(str(tmp_path / "line" / f"{i}.png"), line)
    (tmp_path / "index.csv").write_text("id,split,source\n0,train,x\n1,val,x\n2,train,y\n3,train,y\n")
    return read_pairs(tmp_path)


def test_a_pack_gives_back_its_pictures_and_facts(pairs, tmp_path):
    color, line = tmp_path / "color.safetensors", tmp_path / "line.safetensors"
    write_pack(pairs, color, "color", size=64, quality=95)
    write_pack(pairs[:3], line, "line", size=64, quality=95)
    store = PackedStore([color, line])
    assert [(p.id, p.source) for p in store.pairs] == [("0", "x"), ("2", "y"), ("3", "y")]
    folder = FolderStore([p for p in pairs if p.split == "train"], 64)
    assert (store.colors([2, 0]).float() - folder.colors([2, 0]).float()).abs().mean() < 4
    assert (store.lines([1, 1], [0, 0]).float() - folder.lines([1, 1], [0, 0]).float()).abs().mean() < 6
    # the last pair has no packed lines: they are extracted from the packed colours
    packed = np.ascontiguousarray(store.colors([2])[0].permute(1, 2, 0).numpy())
    last = len(VARIANTS)
    assert torch.equal(store.lines([2], [0])[0, 0], torch.from_numpy(extract_variant(packed, last)))


def test_variants_are_extracted(pairs, tmp_path):
    write_pack(pairs, tmp_path / "c.safetensors", "color", size=64)
    store = PackedStore([tmp_path / "c.safetensors"], split="val")
    assert [p.id for p in store.pairs] == ["1"]
    own, fine, broad = store.lines([0, 0, 0], [0, 1, 2])
    assert torch.equal(own, broad)
    assert not torch.equal(fine, broad)


def test_decoded_pictures_are_kept_for_the_next_store(pairs, tmp_path, monkeypatch):
    paths = [tmp_path / "c.safetensors"]
    write_pack(pairs, paths[0], "color", size=64)
    plain = PackedStore(paths)
    colors, lines = plain.colors([0, 1, 2]), plain.lines([0, 1, 2], [0, 1, 2])
    paper, share = plain.paper([0, 1, 2]), plain.paper_share(1)
    first = PackedStore(paths, threads=2, decoded=tmp_path / "decoded")
    monkeypatch.setattr(PackedStore, "_decode", lambda *_: pytest.fail("decoded again"))
    again = PackedStore(paths, decoded=tmp_path / "decoded")
    for store in (first, again):
        assert torch.equal(store.colors([0, 1, 2]), colors)
        assert torch.equal(store.lines([0, 1, 2], [0, 1, 2]), lines)
        assert torch.equal(store.paper([0, 1, 2]), paper)
        assert store.paper_share(1) == share


def test_pictures_kept_of_other_packs_are_decoded_anew(pairs, tmp_path):
    paths = [tmp_path / "c.safetensors"]
    write_pack(pairs[:2], paths[0], "color", size=64)
    assert len(PackedStore(paths, decoded=tmp_path / "decoded").pairs) == 1
    write_pack(pairs, paths[0], "color", size=64)
    assert PackedStore(paths, decoded=tmp_path / "decoded").colors([0, 1, 2]).shape == (3, 3, 64, 64)


def test_a_folder_store_reads_and_extracts(pairs):
    store = FolderStore(pairs, 64)
    assert store.colors([0, 1]).shape == (2, 3, 64, 64)
    color, line = load_pair(pairs[1], 64)
    assert np.array_equal(store.lines([1], [0])[0, 0].numpy(), line)
    assert np.array_equal(store.lines([1], [2])[0, 0].numpy(), extract_variant(color, 2))


def test_what_is_no_pack_is_refused(pairs, tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    with pytest.raises(DataError, match="not a pack of pairs"):
        PackedStore([broken])
    write_pack(pairs, tmp_path / "line.safetensors", "line", size=64)
    with pytest.raises(DataError, match="no pack of colours among these"):
        PackedStore([tmp_path / "line.safetensors"])
    write_pack(pairs, tmp_path / "c.safetensors", "color", size=64)
    with pytest.raises(DataError, match="no pairs of split 'test'"):
        PackedStore([tmp_path / "c.safetensors"], split="test")


def test_coords_come_back_exactly_and_are_zero_where_there_are_none(pairs, tmp_path):
    (tmp_path / "coords").mkdir()
    places = np.random.default_rng(0).integers(0, 256, (16, 16, 4), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "coords" / "2.png"), places)
    pairs = read_pairs(tmp_path)
    packs = [tmp_path / f"{part}.safetensors" for part in ("color", "line", "coords")]
    write_pack(pairs, packs[0], "color", size=64, quality=95)
    write_pack(pairs, packs[1], "line", size=64, quality=95)
    write_pack(pairs, packs[2], "coords", size=16)
    packed = PackedStore(packs)
    folder = FolderStore([p for p in pairs if p.split == "train"], 64)
    expected = torch.from_numpy(places[..., [2, 1, 0, 3]]).permute(2, 0, 1)
    for store in (packed, folder):
        assert torch.equal(store.coords([1])[0], expected)
        assert store.coords([0, 2]).max() == 0
        assert store.paper([0]).shape == (1, 1, 64, 64)
        assert store.paper_share(0) == pytest.approx(store.paper([0]).float().mean().item() / 255, abs=1e-6)
    assert (packed.paper([0]) == folder.paper([0])).float().mean() > 0.98
