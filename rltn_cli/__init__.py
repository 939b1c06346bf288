"""Paint line drawings in the colours of reference pictures (RLTN, ICIP 2022)."""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rltn_cli.engine.inference.colorizer import Colorizer
    from rltn_cli.models.rltn import RLTN

# PyTorch's threads spin while they wait for each other, which is slow while another program is busy. OpenMP
# reads this once, as PyTorch is loaded; so it is set before a module of ours loads it. A user's value stays.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__version__ = "0.1.0"
__all__ = ["RLTN", "Colorizer", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the heavy classes on first use, so that importing the package stays fast."""
    if name == "Colorizer":
        from rltn_cli.engine.inference.colorizer import Colorizer

        return Colorizer
    if name == "RLTN":
        from rltn_cli.models.rltn import RLTN

        return RLTN
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
