"""A small painting, made without a network: a page with a box, a disc in it and a bar beside it."""

import cv2
import numpy as np

from rltn_cli.imaging.colors.evidence import Clues
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.colors.votes import Ballot
from rltn_cli.imaging.margins import Box
from rltn_cli.painting.painting import Matches, Origin, Painting

HEIGHT, WIDTH = 192, 240
COLORS = np.array([(255, 255, 255), (220, 30, 40), (20, 60, 200), (250, 200, 40)], np.uint8)
PAPER, BOX, DISC, BAR = (5, 5), (60, 100), (100, 100), (200, 100)
"""Points (x, y) in the four regions; the box is red, the disc blue, the bar yellow."""
ON_A_LINE = (40, 100)


def draw_page():
    """Return the drawing (H, W)."""
    page = np.full((HEIGHT, WIDTH), 255, np.uint8)
    cv2.rectangle(page, (40, 40), (160, 160), 0, 3)
    cv2.circle(page, (100, 100), 30, 0, 3)
    cv2.rectangle(page, (180, 40), (220, 160), 0, 3)
    return page


def draw_colors():
    """Return which colour each pixel should have, (H, W)."""
    numbers = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.rectangle(numbers, (40, 40), (160, 160), 1, -1)
    cv2.circle(numbers, (100, 100), 30, 2, -1)
    cv2.rectangle(numbers, (180, 40), (220, 160), 3, -1)
    return numbers


def painting(*, depth=np.uint8, alpha=False, figure=None):
    """Return the painting; the network saw a third of it in each direction, a little shaded."""
    page = draw_page()
    small = cv2.resize(draw_colors(), (WIDTH // 3, HEIGHT // 3), interpolation=cv2.INTER_NEAREST)
    light = np.linspace(0.95, 1.0, WIDTH // 3, dtype=np.float32)[None, :, None]
    colors = COLORS[small].astype(np.float32) / 255 * light
    palette = Palette(COLORS)
    reference = COLORS[np.repeat(np.arange(4), 16)][None].repeat(64, axis=0)
    ballot = Ballot(palette)
    attention = cv2.resize(
        ballot.votes(COLORS[small]), (WIDTH // 12, HEIGHT // 12), interpolation=cv2.INTER_AREA
    )
    places = np.zeros((HEIGHT // 12, WIDTH // 12, 3), np.int32)
    places[..., 1] = 32
    places[..., 2] = 8 + 16 * small[2::4, 2::4]
    clues = Clues(colors, colors, palette, attention, ballot.contacts([reference]))
    white = np.iinfo(depth).max
    ink = np.repeat((page.astype(np.float64) / 255 * white).astype(depth)[..., None], 3, axis=2)
    shown = None
    if alpha:
        shown = np.full((HEIGHT, WIDTH), white, depth)
        shown[:, :20] = 0
        shown[:, 20:22] = white // 3
    return Painting(
        ink, page, shown, (300.0, 300.0), None if figure is None else Box(*figure), clues, (reference,),
        Matches(places, np.full(places.shape[:2], 0.5, np.float32)),
        Origin("drawn", "0" * 64, "", {"size": "64"}),
    )  # fmt: skip
