import numpy as np
import pytest

from rltn_cli.imaging.regions.labels import label_regions, token_labels


def paper(height=32, width=32):
    return np.full((height, width), 255, np.uint8)


def test_a_line_parts_two_regions_and_the_edge_of_the_page_bounds_none():
    canvas = paper()
    canvas[:, 16] = 0
    labels = label_regions(canvas)
    assert (labels[:, 16] == 0).all()
    assert len(np.unique(labels[:, :16])) == len(np.unique(labels[:, 17:])) == 1
    assert labels[0, 0] not in (0, labels[0, 31])


@pytest.mark.parametrize(("gap", "regions"), [(1, 2), (2, 2), (4, 1)])
def test_small_gaps_are_closed_and_large_ones_are_not(gap, regions):
    canvas = paper()
    canvas[:, 16] = 0
    canvas[14 : 14 + gap, 16] = 255
    labels = label_regions(canvas)
    assert len({labels[2, 4], labels[2, 28]}) == regions


def test_everything_that_is_no_line_has_a_region():
    canvas = np.where(np.random.default_rng(0).random((40, 48)) < 0.2, 0, 255).astype(np.uint8)
    assert np.array_equal(label_regions(canvas) > 0, canvas == 255)


def test_a_strand_too_narrow_for_the_ball_is_a_region_of_its_own():
    canvas = paper()
    canvas[:, [15, 18]] = 0
    labels = label_regions(canvas)
    strand = np.unique(labels[:, 16:18])
    assert len(strand) == 1
    assert strand[0] not in (0, labels[0, 0], labels[0, 31])


def test_pale_pencil_on_grey_paper_bounds_regions():
    canvas = paper() - 40
    canvas[:, 16] -= 31
    labels = label_regions(canvas)
    assert labels[0, 0] != labels[0, 31]
    canvas[:, 16] += 1
    assert len(np.unique(label_regions(canvas))) == 1


def test_a_token_takes_its_largest_label_and_is_line_only_where_all_is():
    labels = np.zeros((8, 12), np.int32)
    labels[0, 0] = 70  # one pixel of a token
    labels[:4, 4:8] = 3
    labels[2, 6] = 90
    tokens = token_labels(labels)
    assert tokens.tolist() == [[1, 2, 0], [0, 0, 0]]  # 70 and 90, numbered anew


def test_numbers_stay_below_the_number_of_tokens_in_a_part_of_a_large_canvas():
    labels = np.full((8, 8), 40_000, np.int32)
    assert token_labels(labels).tolist() == [[1, 1], [1, 1]]
    labels[:4, :4] = 50_000
    assert token_labels(labels).tolist() == [[2, 1], [1, 1]]
