"""Files that are written whole or not at all."""

import contextlib
import os
from pathlib import Path

import pytest

from rltn_cli.errors import OutputError
from rltn_cli.output_files import (
    check_file,
    hold_folder,
    make_folder,
    open_alone,
    put_back_folder,
    remove_leftovers,
    remove_unfinished,
    replacement,
    replacement_folder,
    write_all,
    write_file,
)


def refuse(*_: object, **__: object) -> None:
    raise OSError(95, "Operation not supported")


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    path.write_bytes(b"theirs")
    with pytest.raises(OutputError, match="exists already"):
        write_file(path, b"ours")
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", refuse)
    write_file(tmp_path / "one", b"1")
    with pytest.raises(OutputError, match="exists already"):
        write_file(tmp_path / "one", b"2")
    assert (tmp_path / "one").read_bytes() == b"1"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_was_written_is_on_the_disk_before_the_name_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    synced = []
    fsync = os.fsync

    def watch(number: int) -> None:
        synced.append((os.fstat(number).st_size, path.read_bytes()))
        fsync(number)

    monkeypatch.setattr(os, "fsync", watch)
    write_file(path, b"newer", overwrite=True)
    assert synced == [(5, b"old")]
    assert path.read_bytes() == b"newer"


def test_a_block_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="mine"), replacement(path, overwrite=True) as temporary:
        temporary.write_bytes(b"half")
        raise ValueError("mine")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_replaced_whole_when_its_files_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    synced: list[int] = []
    for content in ("old", "new"):
        synced.clear()
        with monkeypatch.context() as patch, replacement_folder(state) as fresh:
            patch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_size))
            (fresh / f"{content}.json").write_text(content)
            (fresh / "empty").touch()
            before = sorted(path.name for path in state.glob("*"))
        assert sorted(synced) == [0, 3]
        assert before == ([] if content == "old" else ["empty", "old.json"])
        assert sorted(path.name for path in state.iterdir()) == ["empty", f"{content}.json"]
    assert list(tmp_path.iterdir()) == [state]


def test_a_folder_stays_where_its_replacement_fails(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for failing in (False, True):
        with contextlib.suppress(RuntimeError), replacement_folder(state) as fresh:
            (fresh / str(failing)).touch()
            if failing:
                raise RuntimeError
    assert [path.name for path in state.iterdir()] == ["False"]
    assert list(tmp_path.iterdir()) == [state]


def test_a_process_killed_while_it_replaces_a_folder_loses_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    aside, fresh = tmp_path / ".state.old", tmp_path / ".state.partial"
    for folder in (aside, fresh):
        folder.mkdir()
        (folder / folder.name[1:]).touch()
    put_back_folder(state)
    put_back_folder(state)
    assert [path.name for path in state.iterdir()] == ["state.old"]
    aside.mkdir()  # killed once more, while it removed the folder that had been replaced
    (aside / "rest").touch()
    put_back_folder(state)
    with replacement_folder(state) as fresh:
        assert list(fresh.iterdir()) == []
        (fresh / "new").touch()
    assert [path.name for path in state.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [state]


def test_what_a_killed_process_left_is_removed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a[1].png"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(RuntimeError), replacement(path):
            raise RuntimeError
    (left,) = tmp_path.iterdir()
    others = [tmp_path / name for name in (".a1.png.0123.tmp", ".b.png.0123.tmp", "a[1].png")]
    for other in others:
        other.write_bytes(b"")
    remove_leftovers(path)
    assert not left.exists()
    assert all(other.exists() for other in others)


def test_files_and_folders_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="file/below: the folder cannot be made"):
        make_folder(tmp_path / "file" / "below")
    with pytest.raises(OutputError, match="cannot be written"):
        write_file(tmp_path / "none" / "out", b"")
    with pytest.raises(OutputError, match="is a folder"):
        check_file(tmp_path, overwrite=True)
    with pytest.raises(OutputError, match="exists already"):
        check_file(tmp_path / "file")
    with pytest.raises(OutputError, match="no such folder"):
        check_file(tmp_path / "none" / "out")


class Short:
    """Takes at most three bytes at a time, and only so many in all."""

    def __init__(self, room: int) -> None:
        self.taken, self.room = b"", room

    def write(self, data: memoryview) -> int:
        count = min(3, len(data), self.room - len(self.taken))
        self.taken += bytes(data[:count])
        return count

    def flush(self) -> None:
        pass


def test_a_stream_that_takes_parts_gets_all_or_fails() -> None:
    whole, full = Short(100), Short(7)
    write_all(whole, b"0123456789")
    assert whole.taken == b"0123456789"
    with pytest.raises(OSError, match="only a part was taken"):
        write_all(full, b"0123456789")


def test_what_is_unfinished_is_removed_when_the_process_ends(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"), replacement(tmp_path / "a") as temporary:
        temporary.write_bytes(b"half")
        remove_unfinished()
        assert list(tmp_path.iterdir()) == []
    remove_unfinished()


def test_a_file_that_is_held_is_held_by_one(tmp_path):
    path = tmp_path / "journal"
    first = open_alone(path)
    assert first is not None
    assert open_alone(path) is None
    first.write(b"one\n")
    first.close()
    second = open_alone(path)
    assert second is not None
    second.write(b"two\n")
    second.close()
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_file_whose_holder_removed_it_is_made_anew(tmp_path):
    path = tmp_path / "journal"
    first = open_alone(path)
    path.unlink()
    second = open_alone(path)
    assert second is not None
    assert path.exists()
    first.close()
    second.close()


def test_a_held_folder_is_refused_until_it_is_free(tmp_path):
    folder = tmp_path / "runs" / "one"
    refused = pytest.raises(OutputError, match="one: another process is writing there")
    with hold_folder(folder), refused, hold_folder(folder):
        pass
    with pytest.raises(ValueError, match="mine"), hold_folder(folder):
        raise ValueError("mine")
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_held_says_why(tmp_path):
    (tmp_path / ".rltn-lock").mkdir()
    with pytest.raises(OutputError, match="cannot be written"), hold_folder(tmp_path):
        pass
