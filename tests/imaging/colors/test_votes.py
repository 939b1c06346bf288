import numpy as np

from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.colors.votes import Ballot

PALETTE = Palette(np.array([(255, 255, 255), (220, 30, 40), (20, 60, 200)], np.uint8))


def test_a_pixel_votes_for_the_nearest_colour():
    votes = Ballot(PALETTE).votes(np.array([[(250, 250, 250), (200, 40, 40), (30, 70, 190)]], np.uint8))
    np.testing.assert_array_equal(votes[0].argmax(axis=1), [0, 1, 2])
    assert (votes.sum(axis=2) <= 1.0001).all() and (votes[0].max(axis=1) > 0.5).all()


def test_a_foreign_colour_hardly_votes():
    foreign = Ballot(PALETTE).votes(np.array([[(40, 200, 60)]], np.uint8))
    assert foreign.sum() < 0.05


def test_shares_are_means_of_patches():
    picture = np.full((8, 8, 3), 255, np.uint8)
    picture[:4, 4:6] = (220, 30, 40)
    shares = Ballot(PALETTE).shares(picture, 4)
    assert shares.shape == (4, 3)
    np.testing.assert_allclose(shares[1, 0], shares[1, 1], atol=0.05)
    assert shares[0, 1] < 1e-3 < shares[1, 1]


def test_contacts_tell_neighbours():
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[:, 20:] = (220, 30, 40)
    contacts = Ballot(PALETTE).contacts([picture])
    np.testing.assert_allclose(contacts, contacts.T)
    assert contacts[0, 1] > 0 == contacts[0, 2] and np.isclose(contacts.sum(), 1)
