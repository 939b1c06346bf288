"""Where models come from: shipped ones, files of the user's own, the Hugging Face Hub. No torch here."""

import re
from pathlib import Path

from rltn_cli.engine.header import CONFIG, WEIGHTS
from rltn_cli.errors import ModelError

_PACKAGE = Path(__file__).resolve().parent.parent
_ON_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+?)(?:@(?P<revision>[\w./-]+))?")


def weight_folders() -> tuple[Path, ...]:
    """Folders that hold shipped models, the one that wins first: a checkout's, then the one in the wheel."""
    checkout = _PACKAGE.parent
    packed = _PACKAGE / "weights"
    return (checkout / "weights", packed) if (checkout / "pyproject.toml").is_file() else (packed,)


def shipped_models() -> dict[str, Path]:
    """Return the folder of every shipped model by its name, in alphabetical order."""
    found: dict[str, Path] = {}
    for folder in weight_folders():
        for config in sorted(folder.glob(f"*/{CONFIG}")):
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
        An absolute path, which `find_model` takes for itself again.

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
                f"{name}: two revisions are asked for, {match['revision']} and {revision}; name one"
            )
        return _pull(match["repo"], revision or match["revision"], offline=offline)
    if revision is not None:
        raise ModelError(f"{name}: a revision is only for a model on the Hub, named org/repo")
    known = ", ".join(shipped) or "none in this installation"
    others = "a folder, a .safetensors file or org/repo on the Hub"
    raise ModelError(f"{name}: no such model; shipped: {known}; or name {others}")


def _pull(repo: str, revision: str | None, *, offline: bool) -> Path:
    """Fetch a model's two files from the Hub, or find them in its cache, and return their folder."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    # The base error of the HTTP library below, which is another one in other versions.
    http_error: type[Exception] = next(base for base in HfHubHTTPError.__bases__ if base is not OSError)
    label = f"{repo}@{revision}" if revision else repo
    try:
        folder = snapshot_download(
            repo, revision=revision, allow_patterns=[CONFIG, WEIGHTS], local_files_only=offline
        )
    except GatedRepoError as error:
        raise ModelError(
            f"{label}: access is gated; accept its terms on the Hub, then set HF_TOKEN"
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(f"{label}: no such folder here, and no such model on the Hub") from error
    except RevisionNotFoundError as error:
        raise ModelError(f"{label}: the Hub has {repo}, but no revision {revision}") from error
    except HFValidationError as error:
        raise ModelError(f"{label}: no such folder here, and not a name that the Hub allows") from error
    except (EntryNotFoundError, OSError, http_error) as error:
        why = "and it is not in the cache" if offline else "and the Hub cannot be reached or has not got it"
        raise ModelError(f"{label}: no such folder here, {why}; check the name and the connection") from error
    return Path(folder)
