import numpy as np

from rltn_cli.imaging.region_labels import label_regions, token_labels


def test_a_line_parts_two_regions_and_diagonals_do_not_join():
    canvas = np.full((8, 8), 255, np.uint8)
    canvas[:, 4] = 0
    labels = label_regions(canvas)
    assert set(np.unique(labels[:, :4])) == {1}
    assert (labels[:, 4] == 0).all()
    assert set(np.unique(labels[:, 5:])) == {2}
    diagonal = np.where(np.eye(8, dtype=bool), 0, 255).astype(np.uint8)
    assert len(np.unique(label_regions(diagonal))) == 3


def test_pencil_is_no_line_where_it_is_pale():
    canvas = np.full((4, 9), 255, np.uint8)
    canvas[:, 4] = 166
    assert len(np.unique(label_regions(canvas))) == 1
    canvas[:, 4] = 165
    assert len(np.unique(label_regions(canvas))) == 3


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
