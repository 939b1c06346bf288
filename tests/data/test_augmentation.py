import numpy as np
import pytest
import torch

from rltn_cli.data.augmentation import (
    Deformation,
    LineDegradation,
    Recoloring,
    deform,
    degrade_lines,
    recolor,
)


def smooth(height=64, width=64, batch=1):
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    picture = torch.stack([x, y, x * y])
    return picture.expand(batch, -1, -1, -1).clone()


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(5))
def test_recoloring_keeps_black_and_white_and_stays_in_range(seed):
    greys = torch.tensor([-1.0, 1.0])[:, None, None, None].expand(2, 3, 4, 4)
    drawn = Recoloring.draw(rng(seed))
    assert torch.allclose(recolor(greys, [drawn, drawn]), greys, atol=1e-2)
    assert np.allclose(drawn.matrix.sum(axis=1), 1, atol=1e-5)
    result = recolor(smooth(), [drawn])
    assert result.min() >= -1
    assert result.max() <= 1
    assert (result - smooth()).abs().mean() > 0.02


def test_recoloring_is_joint():
    # the same change to two pictures maps equal colours to equal colours
    first, second = smooth(), smooth().flip(3)
    drawn = Recoloring.draw(rng(3))
    assert torch.allclose(recolor(first, [drawn]).flip(3), recolor(second, [drawn]), atol=1e-6)


def test_no_recoloring_changes_nothing():
    assert torch.allclose(recolor(smooth(), [Recoloring.none()]), smooth(), atol=3e-4)


def test_no_deformation_changes_nothing():
    assert torch.allclose(deform(smooth(), [Deformation.none()]), smooth(), atol=1e-5)


def test_a_flip_deformation_flips():
    flip = Deformation(np.array([[-1, 0, 0], [0, 1, 0]], np.float32), Deformation.none().shifts)
    assert torch.allclose(deform(smooth(), [flip]), smooth().flip(3), atol=1e-5)


def test_thin_plate_spline_passes_through_its_control_points():
    shifts = np.zeros((16, 2), np.float32)
    shifts[:] = (0.1, -0.05)  # all alike: a plain shift, which a thin-plate spline reproduces exactly
    moved = deform(smooth(), [Deformation(Deformation.none().affine, shifts)])
    inside = slice(16, 48)
    scale = 64 / 63  # smooth() runs from -1 to 1 over pixel centres, the grid over pixel borders
    assert torch.allclose(
        moved[0, 0, inside, inside], smooth()[0, 0, inside, inside] + 0.1 * scale, atol=1e-3
    )
    assert torch.allclose(
        moved[0, 1, inside, inside], smooth()[0, 1, inside, inside] - 0.05 * scale, atol=1e-3
    )


def test_samples_of_a_batch_do_not_touch_each_other():
    deformations = [Deformation.draw(rng(i), bend=0.1) for i in range(3)]
    together = deform(smooth(batch=3), deformations)
    assert torch.allclose(together[1:2], deform(smooth(), deformations[1:2]), atol=1e-5)
    wears = [LineDegradation.draw(rng(i)) for i in range(3)]
    lines = smooth(batch=3)[:, :1]
    assert torch.allclose(degrade_lines(lines, wears)[1:2], degrade_lines(lines[1:2], wears[1:2]), atol=1e-6)


def test_a_crop_shows_only_what_is_inside():
    for seed in range(10):
        crop = Deformation.crop(rng(seed))
        corners = crop.affine @ np.array([[-1, -1, 1, 1], [-1, 1, -1, 1], [1, 1, 1, 1]])
        assert np.abs(corners).max() <= 1 + 1e-6


def drawing():
    picture = torch.ones(1, 1, 64, 64)
    picture[..., 30:33] = -1  # a line three pixels wide
    return picture


def width(picture):
    return (picture[0, 0, 32] < 0).sum().item()


def test_no_wear_changes_nothing():
    assert torch.equal(degrade_lines(drawing(), [LineDegradation()]), drawing())


def test_wear_thickens_and_thins():
    assert width(degrade_lines(drawing(), [LineDegradation(thicken=1)])) == 5
    assert width(degrade_lines(drawing(), [LineDegradation(thicken=-1)])) == 2


def test_wear_greys_ink_and_paper():
    worn = degrade_lines(drawing(), [LineDegradation(ink=0.5, paper=0.1)])
    assert worn.min().item() == pytest.approx(0, abs=1e-6)  # half way
    assert worn.max().item() == pytest.approx(0.8, abs=1e-6)


def test_wear_makes_gaps_and_grain_from_its_seed():
    holed = degrade_lines(drawing(), [LineDegradation(gaps=0.2, seed=4)])
    assert 0 < (holed[..., 31] > 0).float().mean().item() < 1
    grainy = [degrade_lines(drawing(), [LineDegradation(noise=0.05, seed=s)]) for s in (1, 1, 2)]
    assert torch.equal(grainy[0], grainy[1])
    assert not torch.equal(grainy[0], grainy[2])
