import numpy as np

from rltn_cli.imaging.colors.evidence import Clues, gather_evidence
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.regions.region_map import map_regions

PALETTE = Palette(np.array([(255, 255, 255), (220, 30, 40), (20, 60, 200)], np.uint8))


def test_votes_are_counted_by_region():
    page = np.full((128, 128), 255, np.uint8)
    page[:, 63:65] = 0
    colors = np.ones((64, 64, 3), np.float32)
    colors[:, 32:] = np.array([220, 30, 40]) / 255
    evidence = gather_evidence(Clues(colors, colors, PALETTE), page, map_regions(page))
    left, right = evidence.labels[64, 10], evidence.labels[64, 100]
    assert evidence.votes[left].argmax() == 0 and evidence.votes[right].argmax() == 1
    np.testing.assert_allclose(evidence.areas[[left, right]], 0.49, atol=0.02)
    attention = np.zeros((16, 16, 3), np.float32)
    attention[..., 2] = 1
    evidence = gather_evidence(Clues(colors, colors, PALETTE, attention), page, map_regions(page))
    assert evidence.votes[left].argmax() == evidence.votes[right].argmax() == 2


def test_a_colour_that_all_places_allow_beats_those_that_some_rule_out():
    page = np.full((64, 64), 255, np.uint8)
    colors = np.ones((64, 64, 3), np.float32)
    attention = np.zeros((16, 16, 3), np.float32)
    attention[:, :8] = (0.8, 0, 0.2)
    attention[:, 8:] = (0, 0.8, 0.2)
    evidence = gather_evidence(Clues(colors, colors, PALETTE, attention), page, map_regions(page))
    assert evidence.votes[1].argmax() == 2
    np.testing.assert_allclose(evidence.votes[1].sum(), evidence.areas[1], rtol=1e-5)


def test_between_colours_that_are_allowed_alike_the_networks_picture_decides():
    page = np.full((64, 64), 255, np.uint8)
    colors = np.broadcast_to(np.array([20, 60, 200], np.float32) / 255, (64, 64, 3))
    attention = np.zeros((16, 16, 3), np.float32)
    attention[...] = (0, 0.5, 0.5)
    evidence = gather_evidence(Clues(colors, colors, PALETTE, attention), page, map_regions(page))
    assert evidence.votes[1].argmax() == 2


def test_a_region_too_narrow_for_the_network_votes_too():
    page = np.full((512, 512), 255, np.uint8)
    for x in (100, 106):
        page[:, x : x + 2] = 0
    colors = np.ones((64, 64, 3), np.float32)
    colors[:, 12:14] = np.array([20, 60, 200]) / 255
    evidence = gather_evidence(Clues(colors, colors, PALETTE), page, map_regions(page))
    assert evidence.votes[evidence.labels[256, 103]].argmax() == 2


def test_another_palette_gets_the_votes_of_the_colours_near_its_own():
    page = np.full((60, 60), 255, np.uint8)
    colors = np.zeros((60, 60, 3), np.float32)
    colors[...] = PALETTE.colors[1] / 255
    evidence = gather_evidence(Clues(colors, colors, PALETTE), page, map_regions(page))
    far = Palette(np.array([(0, 0, 0), (250, 240, 245), PALETTE.colors[1] // 2], np.uint8))
    other = evidence.in_palette(far)
    assert other.votes[1].argmax() == 2 and other.votes.shape == (2, 3)
    np.testing.assert_allclose(other.votes.sum(axis=1), evidence.votes.sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(other.contacts.sum(), evidence.contacts.sum(), rtol=1e-5)
    assert other.labels is evidence.labels
