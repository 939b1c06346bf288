"""What a model's name refers to: a shipped model, the user's own files, or the Hub. No torch here."""

import re
from pathlib import Path

from rltn_cli.engine.checkpoints.header import CONFIG_FILE
from rltn_cli.engine.checkpoints.hub_client import pull
from rltn_cli.errors import ModelError

_PACKAGE = Path(__file__).resolve().parents[2]
_ON_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+?)(?:@(?P<revision>[\w./-]+))?")


def weight_folders() -> tuple[Path, ...]:
    """Return the folders of shipped models, the preferred one first: a checkout's, then the wheel's."""
    checkout = _PACKAGE.parent
    packed = _PACKAGE / "weights"
    return (checkout / "weights", packed) if (checkout / "pyproject.toml").is_file() else (packed,)


def shipped_models() -> dict[str, Path]:
    """Return the folder of every shipped model by its name, in alphabetical order."""
    found: dict[str, Path] = {}
    for folder in weight_folders():
        for config in sorted(folder.glob(f"*/{CONFIG_FILE}")):
            found.setdefault(config.parent.name, config.parent)
    return dict(sorted(found.items()))


def find_model(name: str, *, revision: str | None = None, offline: bool = False) -> Path:
    """Return the folder or file of a model.

    Args:
        name: a shipped name, a folder, a `.safetensors` file, or `org/repo[@revision]` on the Hub; the first
            of these that exists.
        revision: branch, tag or commit on the Hub; only for a model from there.
        offline: take a Hub model from the cache, without touching the network.

    Returns:
        An absolute path, for which `find_model` returns the same path.

    Raises:
        ModelError: no such model, or the Hub cannot be reached.
    """
    shipped = shipped_models()
    if name in shipped and revision is None:
        return shipped[name]
    path = Path(name).expanduser()
    if path.exists() and revision is None:
        return path.absolute()
    match = _ON_HUB.fullmatch(name)
    if match and not name.startswith(".") and not name.endswith(".safetensors"):
        if revision and match["revision"] and revision != match["revision"]:
            raise ModelError(
                f"{name}: two revisions are requested, {match['revision']} and {revision}; name one"
            )
        return pull(match["repo"], revision or match["revision"], offline=offline)
    if revision is not None:
        raise ModelError(f"{name}: a revision is only for a model on the Hub, named org/repo")
    known = ", ".join(shipped) or "none in this installation"
    others = "a folder, a .safetensors file or org/repo on the Hub"
    raise ModelError(f"{name}: no such model; shipped: {known}; or name {others}")
