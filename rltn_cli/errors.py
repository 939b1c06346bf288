"""Errors that a user can cause or encounter; the command line prints each as one line.

RltnError                 exit code 1
├── UsageError            contradictory or unknown options; exit code 2
├── ConfigError           a configuration that cannot be used
├── PictureError          a picture that cannot be read or painted
├── PaintingError         a saved painting that cannot be opened
├── OutputError           a file that cannot be written
├── DataError             training or evaluation data that cannot be used
├── ModelError            a model that cannot be found or loaded
└── TrainingError         training that cannot go on
    └── NonFiniteLossError  a loss term that is not a finite number
"""

INTERRUPTED = 130
"""Exit code of a command that the user interrupted."""


class RltnError(Exception):
    """What went wrong, where, and what to do next, in one line."""

    exit_code = 1


class UsageError(RltnError):
    """Options that contradict each other or make no sense."""

    exit_code = 2


class ConfigError(RltnError):
    """A configuration with unknown keys or values out of range."""


class PictureError(RltnError):
    """A picture that cannot be read, or that contains nothing to paint."""


class PaintingError(RltnError):
    """A saved painting that cannot be opened: damaged, of another kind, or newer than this program."""


class OutputError(RltnError):
    """A result that cannot be written to the requested place."""


class DataError(RltnError):
    """Pairs that are missing, unreadable or do not fit together."""


class ModelError(RltnError):
    """A model that cannot be found, or whose files are not what they should be."""


class TrainingError(RltnError):
    """Training that cannot start or cannot go on."""


class NonFiniteLossError(TrainingError):
    """A loss term that became NaN or infinite; names the step and the term."""
