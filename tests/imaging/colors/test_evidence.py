import itertools

import cv2
import numpy as np

from rltn_cli.imaging.colors.evidence import Clues, gather_evidence, map_regions
from rltn_cli.imaging.colors.palette import Palette

PALETTE = Palette(np.array([(255, 255, 255), (220, 30, 40), (20, 60, 200)], np.uint8))


def strands(count=300, rows=10, side=2048):
    """Rows of wavy strands of hair."""
    page = np.full((side, side), 255, np.uint8)
    y = np.arange(4, side - 3)
    for x in np.linspace(4, side - 4, count + 1).astype(int):
        cv2.polylines(page, [np.stack([x + 2 * np.sin(y / 40), y], axis=1).astype(np.int32)], False, 0, 1, 16)
    for row in np.linspace(4, side - 4, rows + 1).astype(int):
        cv2.line(page, (4, int(row)), (side - 4, int(row)), 0, 2)
    return page


def mostly_in(labels, count=300, rows=10, side=2048):
    """Return the region in which most of each strand's middle line lies."""
    edges, ends = (np.linspace(4, side - 4, number + 1).astype(int) for number in (count, rows))
    found = []
    for top, bottom in itertools.pairwise(ends):
        y = np.arange(top + 3, bottom - 2)
        for left, right in itertools.pairwise(edges):
            x = (left + right) / 2 + 2 * np.sin(y / 40)
            scale = labels.shape[0] / side
            inside = labels[((y + 0.5) * scale).astype(int), ((x + 0.5) * scale).astype(int)]
            found.append(np.bincount(inside).argmax())
    return found


def test_three_thousand_strands_keep_their_regions():
    for gap in (8 / 2048, 0.012):
        labels = map_regions(strands(), gap).labels
        assert 0.95 * 3000 <= labels.max() <= 1.05 * 3000
        assert len(np.unique(mostly_in(labels))) >= 0.95 * 3000


def test_open_hatching_is_no_region():
    page = np.full((1000, 1000), 255, np.uint8)
    cv2.circle(page, (500, 500), 400, 0, 4)
    for x in range(300, 700, 9):
        cv2.line(page, (x, 300), (x - 60, 700), 0, 2, cv2.LINE_AA)
    assert map_regions(page).labels.max() == 2


def test_votes_are_counted_by_region():
    page = np.full((128, 128), 255, np.uint8)
    page[:, 63:65] = 0
    colors = np.ones((64, 64, 3), np.float32)
    colors[:, 32:] = np.array([220, 30, 40]) / 255
    evidence = gather_evidence(Clues(colors, colors, PALETTE), page)
    left, right = evidence.labels[64, 10], evidence.labels[64, 100]
    assert evidence.votes[left].argmax() == 0 and evidence.votes[right].argmax() == 1
    np.testing.assert_allclose(evidence.areas[[left, right]], 0.49, atol=0.02)
    attention = np.zeros((16, 16, 3), np.float32)
    attention[..., 2] = 1
    evidence = gather_evidence(Clues(colors, colors, PALETTE, attention), page)
    assert evidence.votes[left].argmax() == evidence.votes[right].argmax() == 2


def test_a_colour_that_all_places_allow_beats_those_that_some_rule_out():
    page = np.full((64, 64), 255, np.uint8)
    colors = np.ones((64, 64, 3), np.float32)
    attention = np.zeros((16, 16, 3), np.float32)
    attention[:, :8] = (0.8, 0, 0.2)
    attention[:, 8:] = (0, 0.8, 0.2)
    evidence = gather_evidence(Clues(colors, colors, PALETTE, attention), page)
    assert evidence.votes[1].argmax() == 2
    np.testing.assert_allclose(evidence.votes[1].sum(), evidence.areas[1], rtol=1e-5)


def test_between_colours_that_are_allowed_alike_the_networks_picture_decides():
    page = np.full((64, 64), 255, np.uint8)
    colors = np.broadcast_to(np.array([20, 60, 200], np.float32) / 255, (64, 64, 3))
    attention = np.zeros((16, 16, 3), np.float32)
    attention[...] = (0, 0.5, 0.5)
    evidence = gather_evidence(Clues(colors, colors, PALETTE, attention), page)
    assert evidence.votes[1].argmax() == 2


def test_a_region_too_narrow_for_the_network_votes_too():
    page = np.full((512, 512), 255, np.uint8)
    for x in (100, 106):
        page[:, x : x + 2] = 0
    colors = np.ones((64, 64, 3), np.float32)
    colors[:, 12:14] = np.array([20, 60, 200]) / 255
    evidence = gather_evidence(Clues(colors, colors, PALETTE), page)
    assert evidence.votes[evidence.labels[256, 103]].argmax() == 2


def test_another_palette_gets_the_votes_of_the_colours_near_its_own():
    page = np.full((60, 60), 255, np.uint8)
    colors = np.zeros((60, 60, 3), np.float32)
    colors[...] = PALETTE.colors[1] / 255
    evidence = gather_evidence(Clues(colors, colors, PALETTE), page)
    far = Palette(np.array([(0, 0, 0), (250, 240, 245), PALETTE.colors[1] // 2], np.uint8))
    other = evidence.in_palette(far)
    assert other.votes[1].argmax() == 2 and other.votes.shape == (2, 3)
    np.testing.assert_allclose(other.votes.sum(axis=1), evidence.votes.sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(other.contacts.sum(), evidence.contacts.sum(), rtol=1e-5)
    assert other.labels is evidence.labels
