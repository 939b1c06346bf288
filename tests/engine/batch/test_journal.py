"""Journals and the manifest: what counts as done, and what a killed process leaves."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rltn_cli.engine.batch.journal import Record, file_hash
from rltn_cli.errors import OutputError
from rltn_cli.result_folders import MANIFEST

KEY = {"input_sha256": "i", "reference_sha256": ["r"], "model_sha256": "m", "options": {"size": 64}}


Open = Callable[..., Record]


@pytest.fixture
def record_of() -> Iterator[Open]:
    """Opens records, and closes them at the end."""
    opened: list[Record] = []

    def open_one(folder: Path, rank: int = 0) -> Record:
        opened.append(Record(folder, rank))
        return opened[-1]

    yield open_one
    for record in opened:
        record.close()


def entry_of(path: Path) -> dict[str, object]:
    return {**KEY, "output_sha256": file_hash(path), "seconds": 1.0}


def write(folder: Path, name: str = "a.png", data: bytes = b"picture") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def done(record: Record, path: Path) -> None:
    entry = entry_of(path)
    record.begin(path, entry)
    record.finish(path, entry)


def end(record: Record) -> None:
    record.write_manifest([record.news])
    record.close()


def test_what_is_done_stays_done_and_the_journal_becomes_the_manifest(
    tmp_path: Path, record_of: Open
) -> None:
    path = write(tmp_path)
    record = record_of(tmp_path)
    assert not record.is_done(path, KEY)
    done(record, path)
    assert record.is_done(path, KEY)
    end(record)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", MANIFEST]
    (line,) = (tmp_path / MANIFEST).read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"output": "a.png", **entry_of(path), "status": "done"}
    assert record_of(tmp_path).is_done(path, KEY)


@pytest.mark.parametrize("name", list(KEY))
def test_another_input_reference_model_or_option_is_not_done(
    name: str, tmp_path: Path, record_of: Open
) -> None:
    path = write(tmp_path)
    record = record_of(tmp_path)
    done(record, path)
    assert not record.is_done(path, {**KEY, name: "other"})
    path.unlink()
    assert not record.is_done(path, KEY)


def test_a_killed_process_leaves_a_journal_that_the_next_one_reads(tmp_path: Path, record_of: Open) -> None:
    path = write(tmp_path)
    record = record_of(tmp_path)
    done(record, path)
    record.close()  # as the system does for a killed process
    with (tmp_path / ".rltn-journal-0.jsonl").open("ab") as journal:
        journal.write(b'{"status": "writing", "outp')
    again = record_of(tmp_path)
    assert again.is_done(path, KEY)
    second = write(tmp_path, "b.png")
    done(again, second)
    again.close()
    third = record_of(tmp_path)
    assert third.is_done(path, KEY)
    assert third.is_done(second, KEY)


@pytest.mark.parametrize("appeared", [True, False])
def test_killed_while_writing_the_pictures_own_hash_decides(
    appeared: bool, tmp_path: Path, record_of: Open
) -> None:
    path = write(tmp_path, data=b"new")
    entry = entry_of(path)
    path.write_bytes(b"old")
    record = record_of(tmp_path)
    record.begin(path, entry)
    record.close()
    if appeared:
        path.write_bytes(b"new")
    again = record_of(tmp_path)
    assert again.is_done(path, KEY) is appeared
    assert again.is_own(path)
    path.write_bytes(b"the user's")
    assert not again.is_done(path, KEY)
    assert not again.is_own(path)


def test_temporary_files_of_a_killed_process_are_swept_and_no_others(tmp_path: Path, record_of: Open) -> None:
    path = write(tmp_path, "a[1].png")
    record = record_of(tmp_path)
    record.begin(path, entry_of(path))
    left, others = (
        tmp_path / ".a[1].png.0123abcd.tmp",
        [tmp_path / ".a1.png.0123abcd.tmp", tmp_path / "x.tmp"],
    )
    for file in (left, *others):
        file.write_bytes(b"")
    record.sweep(path)
    assert not left.exists()
    assert all(file.exists() for file in others)


def test_a_failure_is_noted_and_the_file_that_is_there_stays_own(tmp_path: Path, record_of: Open) -> None:
    path = write(tmp_path)
    record = record_of(tmp_path)
    done(record, path)
    end(record)
    record = record_of(tmp_path)
    record.fail(path, {"sketch": "s.png", "reason": "why"})
    end(record)
    again = record_of(tmp_path)
    assert again.entries["a.png"]["status"] == "failed"
    assert again.entries["a.png"]["reason"] == "why"
    assert not again.is_done(path, KEY)
    assert again.is_own(path)


def test_the_parts_of_several_processes_become_one_manifest(tmp_path: Path, record_of: Open) -> None:
    records = [record_of(tmp_path, rank) for rank in range(2)]
    paths = [write(tmp_path, f"{rank}.png") for rank in range(2)]
    for record, path in zip(records, paths, strict=True):
        done(record, path)
    records[0].write_manifest([record.news for record in records])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0.png", "1.png", MANIFEST]
    for record in records:
        record.close()
    again = record_of(tmp_path)
    assert all(again.is_done(path, KEY) for path in paths)


def test_two_batches_never_write_to_one_folder(tmp_path: Path, record_of: Open) -> None:
    pytest.importorskip("fcntl")
    first = record_of(tmp_path)
    with pytest.raises(OutputError, match="another batch"):
        record_of(tmp_path)
    end(first)
    record_of(tmp_path).close()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path, record_of: Open) -> None:
    (tmp_path / ".rltn-journal-0.jsonl").mkdir()
    with pytest.raises(OutputError, match="cannot be recorded"):
        record_of(tmp_path)


def test_a_journal_on_a_full_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_of: Open
) -> None:
    path = write(tmp_path)
    record = record_of(tmp_path)
    record.close()
    with Path("/dev/full").open("ab", buffering=0) as full:
        monkeypatch.setattr(record, "_journal", full)
        with pytest.raises(OutputError, match="No space left"):
            record.begin(path, entry_of(path))
    assert not record.is_done(path, KEY)
