"""Places on figures: which point of a figure each place of a picture shows."""

import cv2
import numpy as np

from rltn_cli.data.pairs import Pair
from rltn_cli.errors import DataError
from rltn_cli.imaging.pixels import Bytes


def load_coords(pair: Pair, size: int) -> Bytes:
    """Return where on its figure each place of a picture is, uint8 RGBA (size, size, 4).

    RGB is a place on the figure, the same in all pictures of its group. Alpha is 128 plus the number of the
    figure's part, and 0 where there is no figure or nothing is known. Values are never averaged.

    Raises:
        DataError: a file that cannot be read, is not RGBA, or is not square.
    """
    if pair.coords is None:
        return np.zeros((size, size, 4), np.uint8)
    found = cv2.imread(str(pair.coords), cv2.IMREAD_UNCHANGED)
    if found is None or found.ndim != 3 or found.shape[2] != 4 or found.shape[0] != found.shape[1]:
        raise DataError(f"{pair.coords}: coords must be a square RGBA picture")
    rgba = cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA)
    return np.asarray(cv2.resize(rgba, (size, size), interpolation=cv2.INTER_NEAREST), np.uint8)
