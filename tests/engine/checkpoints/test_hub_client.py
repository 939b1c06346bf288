"""The Hub, as the real client sees it: a server on loopback that answers, breaks off, refuses and lies."""

import errno
import hashlib
import os
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants, save_torch_state_dict
from support.hub_server import HubServer, Repository

from rltn_cli.config_files import to_json
from rltn_cli.engine.checkpoints import hub_client
from rltn_cli.engine.checkpoints.hub_client import cached_models, commit_of, git_or_sha256, pull, push
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.weights import load_model, save_model
from rltn_cli.errors import ModelError
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    return save_model(RLTN(PRESETS["tiny"]), tmp_path_factory.mktemp("models") / "tiny")


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def repository(hub: HubServer, folder: Path) -> Repository:
    """org/tiny: the model, its card, and a pickle that nobody asked for."""
    repository = hub.repositories["org/tiny"] = Repository()
    card = b"---\nlicense: apache-2.0\n---\n"
    repository.commit({**files_of(folder), "README.md": card, "pytorch_model.bin": b"\x80\x02 pickle"})
    return repository


def reads(hub: HubServer) -> list[tuple[str, str | None]]:
    """Return path and Range of the large files that were sent."""
    return [(path, span) for method, path, span in hub.log if method == "GET" and "/storage/" in path]


def test_a_model_is_pulled_and_pinned(hub: HubServer, repository: Repository, folder: Path) -> None:
    here = pull("org/tiny")
    assert sorted(path.name for path in here.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    assert (here / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    assert commit_of(here) == commit_of(here / "model.safetensors") == repository.branches["main"]
    assert load_model(here).config == PRESETS["tiny"]


def test_a_second_pull_takes_the_files_from_the_cache(hub: HubServer, repository: Repository) -> None:
    first = pull("org/tiny")
    hub.log.clear()
    assert pull("org/tiny") == first
    assert reads(hub) == []


def test_the_cache_serves_offline(
    hub: HubServer, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pull("org/tiny")
    hub.log.clear()
    assert pull("org/tiny", offline=True) == first
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert pull("org/tiny") == pull("org/tiny", repository.branches["main"]) == first
    assert hub.log == []


def test_the_cache_serves_when_the_hub_is_down(hub: HubServer, repository: Repository) -> None:
    first = pull("org/tiny")
    hub.down = True
    assert pull("org/tiny") == first


def test_revisions_are_branches_and_commits(hub: HubServer, repository: Repository) -> None:
    old = repository.branches["main"]
    new = repository.commit({"README.md": b"---\nlicense: mit\n---\n"})
    repository.branches["v1"] = old
    assert commit_of(find_model("org/tiny")) == new
    assert commit_of(find_model("org/tiny@v1")) == commit_of(find_model(f"org/tiny@{old}")) == old
    assert [(model.repo, model.revision, model.branches) for model in cached_models()] == sorted(
        [("org/tiny", old, ("v1",)), ("org/tiny", new, ("main",))]
    )


def test_a_cut_connection_is_taken_up_where_it_broke(
    hub: HubServer, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 4096)
    hub.cut = [100_000, 50_000]
    pull("org/tiny")
    spans = [span for _, span in reads(hub)]
    assert spans[0] is None
    assert [int(span.removeprefix("bytes=").rstrip("-")) // 4096 for span in spans[1:] if span] == [24, 36]


def test_a_download_that_never_ends_well_is_one_line(
    hub: HubServer, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    hub.cut = [100] * 50
    with pytest.raises(ModelError, match=r"org/tiny: .*the connection broke"):
        pull("org/tiny")
    with pytest.raises(
        ModelError, match="incomplete in the cache; connect to the network and run 'rltn models download"
    ):
        pull("org/tiny", offline=True)


def test_a_wrong_hash_is_refused_and_forgotten(hub: HubServer, repository: Repository) -> None:
    hub.corrupt = True
    with pytest.raises(ModelError, match=r"model\.safetensors is not what the Hub announced"):
        pull("org/tiny")
    assert cached_models() == []
    hub.corrupt = False
    assert load_model(pull("org/tiny")).config == PRESETS["tiny"]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_file_that_rots_in_the_cache_is_refused_offline(
    hub: HubServer, repository: Repository, name: str
) -> None:
    path = (pull("org/tiny") / name).resolve()
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match="its hash differs"):
        pull("org/tiny", offline=True)


def test_without_links_the_hub_is_asked_for_the_hashes(
    hub: HubServer, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.are_symlinks_supported", lambda _: False)
    assert not any(path.is_symlink() for path in pull("org/tiny").iterdir())
    assert any("paths-info" in path for _, path, _ in hub.log)
    (pull("org/tiny") / "config.json").write_bytes(b"{}")
    with pytest.raises(ModelError, match="its hash differs"):
        pull("org/tiny")


def test_hashes_are_those_of_git_and_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello\n")
    assert git_or_sha256(tmp_path / "a", "0" * 40) == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert git_or_sha256(tmp_path / "a", "0" * 64) == hashlib.sha256(b"hello\n").hexdigest()


def test_what_is_not_there_is_one_line(hub: HubServer, repository: Repository) -> None:
    hub.repositories["org/gated"] = Repository(gated=True)
    hub.repositories["org/gated"].commit({"config.json": b"{}"})
    hub.repositories["org/pickle"] = Repository()
    hub.repositories["org/pickle"].commit({"config.json": b"{}", "pytorch_model.bin": b"\x80\x02"})
    for name, message in (
        ("org/nothing", "no such model on the Hub, or a private one; check the name, or set HF_TOKEN"),
        ("org/tiny@v9", "the Hub has org/tiny, but no revision v9"),
        ("org/gated", "access is gated; accept its terms on the Hub, then set HF_TOKEN"),
        ("org/pickle", "holds no model.safetensors, so it is not a model for rltn"),
        ("org--x/tiny", "not a name that the Hub allows"),
    ):
        with pytest.raises(ModelError) as caught:
            find_model(name)
        assert message in str(caught.value)
        assert str(caught.value).startswith(f"{name}: ")
    hub.down = True
    with pytest.raises(ModelError, match="the Hub cannot be reached"):
        find_model("org/other")
    with pytest.raises(ModelError, match="it is not in the cache"):
        find_model("org/other", offline=True)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b'{"id": "org/tiny"}'])
def test_a_server_that_is_no_hub_is_one_line(hub: HubServer, answer: bytes) -> None:
    hub.answers["/api/models/org/tiny/revision/main"] = answer
    with pytest.raises(ModelError, match="does not answer like the Hub; check HF_ENDPOINT"):
        pull("org/tiny")


def test_a_token_opens_what_is_private(
    hub: HubServer, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.private = True
    with pytest.raises(ModelError, match="or a private one"):
        pull("org/tiny")
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert commit_of(pull("org/tiny")) == repository.branches["main"]


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the client's, of its HTTP library
def test_a_push_is_one_commit_that_can_be_pulled(
    hub: HubServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    card = b"---\nlicense: apache-2.0\n---\n# Mine\n"
    contents = {
        "config.json": folder / "config.json",
        "model.safetensors": folder / "model.safetensors",
        "README.md": card,
    }
    commit = push("me/mine", contents, "First weights")
    repository = hub.repositories["me/mine"]
    assert repository.private
    assert repository.messages == ["", "First weights"]
    assert repository.branches["main"] == commit
    assert repository.commits[commit] == {".gitattributes": b"", **files_of(folder), "README.md": card}
    here = pull("me/mine")
    assert commit_of(here) == commit
    assert (here / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    assert push("me/mine", {"README.md": card + b"More.\n"}, "Card") == repository.branches["main"] != commit


def test_a_push_that_is_refused_is_one_line(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"refuses to write.*set HF_TOKEN"):
        push("me/mine", {"README.md": b"---\n---\n"}, "x")
    monkeypatch.setenv("HF_TOKEN", hub.token)
    with pytest.raises(ModelError, match="does not take the files"):
        push("me/mine", {"README.md": b"no metadata"}, "x")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="cannot be pushed offline"):
        push("me/mine", {}, "x")


def test_parts_are_pulled_and_read(hub: HubServer, folder: Path, tmp_path: Path) -> None:
    model = load_model(folder)
    parts = tmp_path / "parts"
    parts.mkdir()
    save_torch_state_dict(model.state_dict(), parts, max_shard_size="200KB")
    (parts / "config.json").write_text(to_json(model.config), encoding="utf-8")
    assert len(list(parts.glob("model-0000?-of-*.safetensors"))) > 1
    hub.repositories["org/parts"] = Repository()
    hub.repositories["org/parts"].commit(files_of(parts))
    loaded = load_model(pull("org/parts")).state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(loaded[name], value)


def test_other_peoples_models_are_not_listed(hub: HubServer, repository: Repository) -> None:
    pull("org/tiny")
    hub.repositories["org/bert"] = Repository()
    files = {"config.json": b'{"hidden_size": 8}', "model.safetensors": b"x" * 50}
    hub.repositories["org/bert"].commit(files)
    pull("org/bert")
    assert [model.repo for model in cached_models()] == ["org/tiny"]


def test_an_empty_cache_holds_no_models(hub: HubServer) -> None:
    assert cached_models() == []


def test_only_a_commit_of_the_cache_is_a_revision(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
    snapshot = tmp_path / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    assert commit_of(snapshot) == "a" * 40
    assert commit_of(snapshot.rename(tmp_path / "snapshots" / "main")) is None


def test_the_client_is_as_it_was_afterwards(hub: HubServer, repository: Repository) -> None:
    from huggingface_hub.utils import logging as hub_logging
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled

    before = hub_logging.get_verbosity(), are_progress_bars_disabled()
    with hub_client._silence_client():
        assert are_progress_bars_disabled()
    assert (hub_logging.get_verbosity(), are_progress_bars_disabled()) == before


@pytest.mark.parametrize("trouble", ["a file", "no permission", "a full disk"])
def test_a_cache_that_cannot_be_written_is_named(
    trouble: str, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons = {
        "a file": "Not a directory",
        "no permission": "Permission denied",
        "a full disk": "No space left",
    }
    if trouble == "a file":
        (tmp_path / "cache").write_text("in the way")
    elif trouble == "no permission":
        refuse(monkeypatch, os, "makedirs", errno.EACCES)
        refuse(monkeypatch, Path, "mkdir", errno.EACCES)
    else:
        refuse(monkeypatch, Path, "open", errno.ENOSPC)
    with pytest.raises(ModelError) as caught:
        pull("org/tiny")
    assert str(caught.value).startswith(f"org/tiny: the Hub's cache cannot be written ({tmp_path / 'cache'}")
    assert reasons[trouble] in str(caught.value)
    assert "HF_HOME" in str(caught.value)


def refuse(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, number: int) -> None:
    """Let a function fail for files of the cache."""
    plain = getattr(owner, name)

    def fail(path: object, *arguments: object, **options: object) -> object:
        if "models--" in str(path):
            raise OSError(number, os.strerror(number), str(path))
        return plain(path, *arguments, **options)

    monkeypatch.setattr(owner, name, fail)


def test_an_answer_that_breaks_off_is_no_trouble_of_the_cache(hub: HubServer, repository: Repository) -> None:
    hub.down = True
    with pytest.raises(ModelError, match="the Hub cannot be reached"):
        pull("org/tiny")
