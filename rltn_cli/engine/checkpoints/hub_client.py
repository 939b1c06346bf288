"""The Hugging Face Hub: pull, push, and what its cache contains; by huggingface_hub alone. No torch here.

huggingface_hub reads HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE when it is imported, so it is imported
only where it is used.
"""

import contextlib
import hashlib
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rltn_cli.engine.checkpoints.header import CONFIG_FILE, INDEX, WEIGHTS, StoredModel, read_known
from rltn_cli.engine.checkpoints.hub_errors import INCOMPLETE, explain_errors, http_error
from rltn_cli.errors import ModelError

CARD = "README.md"
FILES = (CONFIG_FILE, WEIGHTS, INDEX, "model-*-of-*.safetensors", CARD)
"""What is downloaded from a repository; never a pickle."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TRIES = 3
"""Attempts to download after broken connections."""


@dataclass(frozen=True, slots=True)
class CachedModel:
    """One revision of a Hub model in the cache."""

    repo: str
    revision: str
    """The commit."""
    branches: tuple[str, ...]
    """Branches and tags that were requested and refer to this revision."""
    folder: Path
    files: StoredModel


def pull(repo: str, revision: str | None = None, *, offline: bool = False) -> Path:
    """Fetch a model from the Hub, or find it in the cache, and check its files against the Hub's hashes.

    Args:
        repo: `org/repo`.
        revision: branch, tag or commit; the main branch by default.
        offline: take it from the cache, without using the network.

    Returns:
        A folder of the cache, named after the commit; see `commit_of`.

    Raises:
        ModelError: missing, gated, unreachable, incomplete, or not what the Hub announced.
    """
    from huggingface_hub import constants

    offline = offline or bool(constants.HF_HUB_OFFLINE)
    label = f"{repo}@{revision}" if revision else repo
    with explain_errors(label, repo, revision, offline=offline), _silence_client():
        folder = _fetch(repo, revision, offline)
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if CONFIG_FILE not in names or not {WEIGHTS, INDEX} & set(names):
        if offline and names:
            raise ModelError(f"{label}: {INCOMPLETE} 'rltn models download {label}'")
        wanted = CONFIG_FILE if CONFIG_FILE not in names else WEIGHTS
        raise ModelError(
            f"{label}: holds no {wanted}, so it is not a model for rltn, which reads {CONFIG_FILE} "
            f"and {WEIGHTS}"
        )
    with explain_errors(label, repo, revision, offline=offline), _silence_client():
        announced = _find_hashes(repo, folder, names, offline)
    for name, expected in announced.items():
        if git_or_sha256(folder / name, expected) != expected:
            _discard(folder / name)
            raise ModelError(
                f"{label}: {name} is not what the Hub announced: its hash differs; it was removed from the "
                f"cache: run 'rltn models download {label}'"
            )
    return folder


def push(
    repo: str,
    contents: Mapping[str, Path | bytes],
    message: str,
    *,
    branch: str | None = None,
    private: bool = True,
) -> str:
    """Send files to the Hub in one commit, and create the repository if it is missing.

    Args:
        repo: `org/repo`.
        contents: file or bytes by name in the repository.
        message: of the commit.
        branch: to commit to; the main branch by default.
        private: whether a new repository is private; existing ones stay as they are.

    Returns:
        The commit.

    Raises:
        ModelError: refused, unreachable, or offline.
    """
    from huggingface_hub import CommitOperationAdd, HfApi, constants

    if constants.HF_HUB_OFFLINE:
        raise ModelError(f"{repo}: HF_HUB_OFFLINE is set, and a model cannot be pushed offline; unset it")
    additions = [
        CommitOperationAdd(name, data if isinstance(data, bytes) else str(data))
        for name, data in contents.items()
    ]
    api = HfApi()
    with explain_errors(repo, repo, branch, writing=True), _silence_client():
        api.create_repo(repo, private=private, exist_ok=True)
        commit = api.create_commit(repo, additions, commit_message=message, revision=branch)
    return str(commit.oid)


def cached_models() -> list[CachedModel]:
    """Return the models in the Hub's cache that rltn can read, by name; other models are left out."""
    from huggingface_hub import constants, scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        with _silence_client():
            cache = scan_cache_dir(constants.HF_HUB_CACHE)
    except CacheNotFound:
        return []
    found = []
    for repo in cache.repos:
        for revision in repo.revisions if repo.repo_type == "model" else ():
            try:
                files = read_known(revision.snapshot_path)
            except ModelError:
                continue
            branches = tuple(sorted(revision.refs))
            found.append(
                CachedModel(repo.repo_id, revision.commit_hash, branches, revision.snapshot_path, files)
            )
    return sorted(found, key=lambda model: (model.repo, model.revision))


def commit_of(path: Path) -> str | None:
    """Return the commit of a model from the Hub, by its place in the cache; None for other models."""
    folder = path if path.is_dir() else path.parent
    pinned = folder.parent.name == "snapshots" and _COMMIT.fullmatch(folder.name)
    return folder.name if pinned else None


def git_or_sha256(path: Path, like: str) -> str:
    """Return a file's hash as the Hub names it: SHA-256 of large files, git's SHA-1 of small ones.

    Args:
        path: an existing file.
        like: a hash of the wanted kind; its length tells which.
    """
    with path.open("rb") as file:
        if len(like) == 64:
            return hashlib.file_digest(file, "sha256").hexdigest()
        data = file.read()
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def _fetch(repo: str, revision: str | None, offline: bool) -> Path:
    """Download a model's files to the cache and return their folder; continue after a broken connection."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    broken = http_error()
    for left in reversed(range(_TRIES)):
        try:
            folder = snapshot_download(
                repo, revision=revision, allow_patterns=list(FILES), local_files_only=offline
            )
            return Path(folder)
        except broken as error:
            if isinstance(error, HfHubHTTPError) or not left:  # an answer of the Hub stays the same
                raise
    raise AssertionError("the last try returns or raises")


def _find_hashes(repo: str, folder: Path, names: list[str], offline: bool) -> dict[str, str]:
    """Return the Hub's hashes of the files in a folder of the cache, by name.

    The cache links each name to a file that is named by its hash. If links are unavailable, the Hub is asked,
    unless that is forbidden.
    """
    links = {name: (folder / name).readlink().name for name in names if (folder / name).is_symlink()}
    known = {name: target for name, target in links.items() if _HASH.fullmatch(target)}
    unknown = [name for name in names if name not in known]
    if unknown and not offline:
        from huggingface_hub import HfApi
        from huggingface_hub.hf_api import RepoFile

        for entry in HfApi().get_paths_info(repo, unknown, revision=folder.name):
            if isinstance(entry, RepoFile):
                known[entry.path] = entry.lfs.sha256 if entry.lfs else entry.blob_id
    return known


def _discard(path: Path) -> None:
    """Remove a file from the cache, together with the target of its link."""
    target = path.resolve()
    path.unlink(missing_ok=True)
    target.unlink(missing_ok=True)


@contextlib.contextmanager
def _silence_client() -> Iterator[None]:
    """Keep the client's log off standard error, and its progress bars if there is no terminal or --quiet."""
    from huggingface_hub import constants
    from huggingface_hub.utils import logging as hub_logging
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    level = hub_logging.get_verbosity()
    wanted = logging.getLogger("rltn_cli").getEffectiveLevel() < logging.ERROR and sys.stderr.isatty()
    free = constants.HF_HUB_DISABLE_PROGRESS_BARS is None and not are_progress_bars_disabled()
    hub_logging.set_verbosity(logging.ERROR)
    if free and not wanted:
        disable_progress_bars()
    try:
        yield
    finally:
        hub_logging.set_verbosity(level)
        if free and not wanted:
            enable_progress_bars()
