"""Finding a model by its name."""

from fnmatch import fnmatch
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

from rltn_cli.engine.checkpoints import hub_client, model_names
from rltn_cli.engine.checkpoints.model_names import find_model, shipped_models
from rltn_cli.errors import ModelError

FILES = [
    "config.json", "model.safetensors", "model.safetensors.index.json", "model-00001-of-00002.safetensors",
    "README.md", "pytorch_model.bin", "model.pt", "training/state.safetensors",
]  # fmt: skip
"""Files of a repository: five to be pulled, the others never."""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder in a checkout, with shipped models in both places."""
    package = tmp_path / "checkout" / "rltn_cli"
    for folder in (package / "weights" / "packed", package / "weights" / "both"):
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}", encoding="utf-8")
    for folder in (package.parent / "weights" / "both", package.parent / "weights" / "empty"):
        folder.mkdir(parents=True)
    (package.parent / "weights" / "both" / "config.json").write_text("{}", encoding="utf-8")
    (package.parent / "pyproject.toml").write_text("", encoding="utf-8")
    monkeypatch.setattr(model_names, "_PACKAGE", package)
    return package


def test_the_weights_of_a_checkout_win(package: Path) -> None:
    assert shipped_models() == {
        "both": package.parent / "weights" / "both",
        "packed": package / "weights" / "packed",
    }


def test_an_installation_has_only_the_packed_ones(package: Path) -> None:
    (package.parent / "pyproject.toml").unlink()
    assert find_model("both") == package / "weights" / "both"


def test_a_shipped_name_wins_over_a_folder_of_that_name(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "packed").mkdir()
    assert find_model("packed") == package / "weights" / "packed"
    assert find_model("./packed") == tmp_path / "packed"
    assert find_model(str(find_model("./packed"))) == tmp_path / "packed"


def test_an_unknown_name_lists_the_shipped_ones(package: Path) -> None:
    with pytest.raises(ModelError, match="nothing: no such model; shipped: both, packed; or name a folder"):
        find_model("nothing")


@pytest.mark.parametrize("name", ["a/b/c", "./a", "../a/b", "a/b.safetensors", "/a"])
def test_only_org_and_repo_are_sought_on_the_hub(
    name: str, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: pytest.fail("asked the Hub"))
    with pytest.raises(ModelError, match="no such model"):
        find_model(name)


def test_a_hub_model_is_pulled_at_its_revision(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[str, dict[str, object]]] = []
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes(b"")

    def pull(repo: str, **options: object) -> str:
        asked.append((repo, options))
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", pull)
    assert find_model("org/repo@v1.2", offline=True) == tmp_path
    monkeypatch.setattr(hub_client, "_find_hashes", lambda *_: {})
    assert find_model("org/repo", revision="main") == tmp_path
    assert [(repo, options["revision"], options["local_files_only"]) for repo, options in asked] == [
        ("org/repo", "v1.2", True),
        ("org/repo", "main", False),
    ]
    patterns = asked[0][1]["allow_patterns"]
    assert patterns == list(hub_client.FILES)
    assert [name for name in FILES if any(fnmatch(name, pattern) for pattern in patterns)] == FILES[:5]


@pytest.mark.parametrize(
    ("error", "offline", "message"),
    [
        (LocalEntryNotFoundError("x"), True, "not in the cache"),
        (LocalEntryNotFoundError("x"), False, "cannot be reached"),
        (OfflineModeIsEnabled("x"), False, "cannot be reached"),
        (HFValidationError("x"), False, "not a name that the Hub allows"),
        (PermissionError(13, "x"), False, "cannot be reached"),
    ],
)
def test_what_the_hub_refuses_is_one_line(
    error: Exception, offline: bool, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(ModelError, match=message) as caught:
        find_model("org/repo@v1", offline=offline)
    assert str(caught.value).startswith("org/repo@v1: ")
    assert "\n" not in str(caught.value)


def test_offline_never_touches_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("touched the network"))
    with pytest.raises(ModelError, match="not in the cache"):
        find_model("org/repo", offline=True)


def test_a_revision_is_only_for_the_hub(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="only for a model on the Hub"):
        find_model(str(tmp_path), revision="main")


def test_two_revisions_contradict_each_other() -> None:
    with pytest.raises(ModelError, match="name one"):
        find_model("org/repo@v1", revision="v2")
