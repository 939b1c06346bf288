import numpy as np

from rltn_cli.imaging.regions.flats import INK
from rltn_cli.touch_up.places import region_places


def test_each_place_lies_deep_in_its_region_and_off_the_lines() -> None:
    labels = np.repeat(np.array([1, 2, 3], np.int32), 10)[None].repeat(20, axis=0)
    grey = np.full((40, 60), 255, np.uint8)
    grey[:, 38:] = 0  # region 3 is all line
    places = region_places(labels, grey)
    assert places[3].tolist() == [-1, -1] and places[0].tolist() == [-1, -1]
    for region in (1, 2):
        x, y = places[region].tolist()
        assert labels[y // 2, x // 2] == region and (255 - grey[y, x]) / 255 < INK
        assert 6 <= x - 20 * (region - 1) <= 14
