"""What is a right match: colours, places of deformed pictures, places on figures."""

import numpy as np
import pytest
import torch

from rltn_cli.data.augmentation import Deformation
from rltn_cli.data.lab import to_lab
from rltn_cli.data.matching import SAMPLED, find_visible_places, make_match_targets

RED, BLUE = (1.0, -1.0, -1.0), (-1.0, -1.0, 1.0)


def flat(color, size=32, count=1):
    return torch.tensor(color).reshape(1, 3, 1, 1).expand(count, 3, size, size).clone()


def nothing(count=1, side=8):
    return torch.zeros(count, 4, side, side, dtype=torch.uint8)


def targets(target, reference, coords=None, deformation=None, crop=None, seeds=None):
    count = len(target)
    whole = [Deformation.none()] * count
    return make_match_targets(
        target, reference, coords or (nothing(count), nothing(count)), (crop or whole, deformation or whole),
        seeds or list(range(count)),
    )  # fmt: skip


def test_tokens_have_the_mean_lab_of_their_pixels():
    target = flat(RED)
    target[:, :, :4, :2] = torch.tensor(BLUE)[:, None, None]
    found = targets(target, flat(BLUE))
    assert sorted(found.tokens[0].tolist()) == list(range(64))  # fewer than are looked at: all, once each
    first = found.target_lab[0][found.tokens[0] == 0][0]
    mixed = (to_lab(flat(RED, 4)) + to_lab(flat(BLUE, 4)))[0, :, 0, 0] / 2
    torch.testing.assert_close(first, mixed, atol=1e-3, rtol=0)
    torch.testing.assert_close(found.reference_lab[0, 5], to_lab(flat(BLUE, 4))[0, :, 0, 0])


def test_the_same_seed_looks_at_the_same_tokens_and_white_paper_is_looked_at_less():
    target = flat(RED, 128)
    target[..., 64:] = 1.0
    one, again, other = (targets(target, target, seeds=[seed]).tokens[0] for seed in (7, 7, 8))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert len(set(one.tolist())) == SAMPLED
    paper = np.mean(
        [(targets(target, target, seeds=[s]).tokens % 32 >= 16).float().mean() for s in range(20)]
    )
    assert 0.2 < paper < 0.3  # a quarter of the chance: 0.25 as the 256 of 1,024 begin to be scarce


def test_places_follow_the_crop_and_the_deformation():
    half = Deformation(np.array([[0.5, 0, 0.4], [0, 0.5, -0.4]], np.float32), np.zeros((16, 2), np.float32))
    found = targets(flat(RED), flat(RED), deformation=[half])
    # tokens of the drawing lie where they are, those of the reference in the upper right quarter
    place = found.places[0][found.tokens[0] == 0][0]
    torch.testing.assert_close(place, torch.tensor([-0.875, -0.875]))
    torch.testing.assert_close(found.reference_places[0, 0], torch.tensor([-0.0375, -0.8375]))
    assert found.inside.all()


def test_what_comes_from_outside_of_the_picture_is_not_inside():
    apart = Deformation(np.array([[1, 0, 1.0], [0, 1, 0]], np.float32), np.zeros((16, 2), np.float32))
    inside = targets(flat(RED), flat(RED), deformation=[apart]).inside.reshape(8, 8)
    assert inside[:, :4].all()
    assert not inside[:, 4:].any()


def test_coords_are_taken_whole_and_never_mixed():
    coords = torch.randint(0, 256, (1, 4, 8, 8), dtype=torch.uint8)
    mirror = Deformation(np.array([[-1, 0, 0], [0, 1, 0]], np.float32), np.zeros((16, 2), np.float32))
    found = targets(flat(RED), flat(RED), coords=(coords, coords), crop=[mirror])
    in_order = torch.empty(64, 4)
    in_order[found.tokens[0]] = found.coords[0]
    torch.testing.assert_close(in_order.T.reshape(4, 8, 8), coords[0].flip(2).float())
    torch.testing.assert_close(found.reference_coords[0].T.reshape(4, 8, 8), coords[0].float())


@pytest.mark.parametrize(("farthest", "seen"), [(9.0, 0.0), (500.0, 1.0)])
def test_colors_that_the_reference_lacks_are_not_seen(farthest, seen):
    target = flat(RED)
    target[..., 16:] = torch.tensor(BLUE)[:, None, None]
    found = find_visible_places(target, flat(BLUE, 64), farthest)
    assert found.shape == (1, 1, 32, 32)
    assert (found[..., 16:] == 1).all()
    assert (found[..., :16] == seen).all()
