import numpy as np
from support.painted import painting

from rltn_cli.painting.region_edits import RegionEdit


def test_undoing_in_any_order_gives_what_doing_gave():
    chance, made, edits = np.random.default_rng(0), painting(), ()
    for _ in range(60):
        if edits and chance.random() < 0.3:
            edits = edits[: int(chance.integers(len(edits)))]
        kind = ("split", "split", "merge")[int(chance.integers(3))]
        stroke = tuple((int(x), int(y)) for x, y in chance.integers(0, (240, 192), (3, 2)))
        edits = (*edits, RegionEdit(kind, stroke))
        made.regions(edits=edits)
    for count in (len(edits), 3, len(edits) // 2):
        fresh, part = painting(), edits[:count]
        np.testing.assert_array_equal(made.regions(edits=part).labels, fresh.regions(edits=part).labels)
        assert made.idle_edits(None, part) == fresh.idle_edits(None, part)
