"""What the errors of the Hub's client mean, in one line that says what to do. No torch here."""

import contextlib
import errno
from collections.abc import Iterator

from rltn_cli.errors import ModelError

INCOMPLETE = "is incomplete in the cache; connect to the network and run"
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO)
"""Errors of disks that need not name a file."""


def http_error() -> type[Exception]:
    """Return the base error of the HTTP library that the client uses, which depends on its version."""
    from huggingface_hub.errors import HfHubHTTPError

    return next(base for base in HfHubHTTPError.__bases__ if base is not OSError)


@contextlib.contextmanager
def explain_errors(
    label: str, repo: str, revision: str | None, *, offline: bool = False, writing: bool = False
) -> Iterator[None]:
    """Turn the client's errors into one line that says what to do."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    broken = http_error()
    nowhere = "" if writing else "no such folder here, and "
    try:
        yield
    except GatedRepoError as error:
        reason = "access is gated; accept its terms on the Hub, then set HF_TOKEN"
        raise ModelError(f"{label}: {reason}") from error
    except RevisionNotFoundError as error:
        raise ModelError(f"{label}: the Hub has {repo}, but no revision {revision}") from error
    except HFValidationError as error:
        raise ModelError(f"{label}: {nowhere}not a name that the Hub allows") from error
    except LocalEntryNotFoundError as error:
        if hasattr(error, "snapshot_path"):
            raise ModelError(f"{label}: {INCOMPLETE} 'rltn models download {label}'") from error
        raise ModelError(f"{label}: {nowhere}{_describe_absence(offline)}") from error
    except (RepositoryNotFoundError, HfHubHTTPError) as error:
        raise ModelError(f"{label}: {nowhere}{_describe_answer(error, writing)}") from error
    except (EntryNotFoundError, OSError, broken) as error:
        if isinstance(error, OSError) and (error.filename or error.errno in _DISK):
            raise ModelError(f"{label}: {_describe_disk(error, writing)}") from error
        raise ModelError(f"{label}: {nowhere}{_describe_absence(offline)}") from error
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        if writing and isinstance(error, ValueError):
            raise ModelError(f"{label}: the Hub does not take the files ({error})") from error
        reason = "the server does not answer like the Hub; check HF_ENDPOINT"
        raise ModelError(f"{label}: {reason} ({type(error).__name__})") from error
    except RuntimeError as error:
        raise ModelError(f"{label}: the upload was interrupted ({error}); try again") from error


def _describe_absence(offline: bool) -> str:
    """Return why a model is unavailable, and what to do."""
    why = "it is not in the cache" if offline else "the Hub cannot be reached or the connection broke"
    return f"{why}; check the name and the connection"


def _describe_answer(error: OSError, writing: bool) -> str:
    """Return what an error that the Hub answered with means, and what to do."""
    from huggingface_hub.errors import RepositoryNotFoundError

    status = getattr(getattr(error, "response", None), "status_code", None)
    if writing and (status in (401, 403) or isinstance(error, RepositoryNotFoundError)):
        return f"the Hub refuses to write ({status}); set HF_TOKEN to a token with write access"
    if isinstance(error, RepositoryNotFoundError):
        return "no such model on the Hub, or a private one; check the name, or set HF_TOKEN"
    return f"the Hub answers with error {status}; try again later"


def _describe_disk(error: OSError, writing: bool) -> str:
    """Return which file or folder of this machine is the trouble, and what to do."""
    reason = error.strerror or str(error)
    if writing:
        return f"{error.filename or 'a file'} cannot be read ({reason})"
    from huggingface_hub import constants

    place = error.filename or constants.HF_HUB_CACHE
    return (
        f"the Hub's cache cannot be written ({place}: {reason}); free some space there, or let HF_HOME name "
        "another folder"
    )
