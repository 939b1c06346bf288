from dataclasses import replace

import cv2
import numpy as np
import pytest
from support.finishing import finish_picture

from rltn_cli.imaging.colors.evidence import Clues
from rltn_cli.imaging.colors.palette import Palette, read_palette
from rltn_cli.imaging.finishes import spreading
from rltn_cli.imaging.finishes.spreading import spread_colors
from rltn_cli.imaging.pixels import to_bytes

LEFT, RIGHT = np.array([0.9, 0.3, 0.2]), np.array([0.2, 0.4, 0.9])
NO_LINES = np.ones((64, 64), np.int32)
"""Regions of a drawing that is all one region."""


def two_rooms(size=512, thickness=4):
    """A wall between two rooms: the drawing, the true colours, the network's blurred dark-lined picture."""
    lines = np.full((size, size), 255, np.uint8)
    cv2.line(lines, (size // 2 - 60, 0), (size // 2 + 60, size), 0, thickness, cv2.LINE_AA)
    column, row = np.meshgrid(np.arange(size), np.arange(size))
    left = column < size // 2 - 60 + 120 * row / size
    truth = np.where(left[..., None], LEFT, RIGHT)
    seen = cv2.resize(truth * lines[..., None] / 255, (64, 64), interpolation=cv2.INTER_AREA)
    return lines, truth, cv2.GaussianBlur(seen, (0, 0), 0.7).astype(np.float32)


def seen_as(colors):
    """What the network says where its picture is all there is."""
    return Clues(colors, colors, read_palette([to_bytes(colors)]))


def rgb(lines):
    return np.repeat(lines[..., None], 3, axis=2)


def test_colour_stops_at_the_line_without_a_dark_halo():
    lines, truth, colors = two_rooms()
    off = lines == 255
    painted = finish_picture(seen_as(colors), rgb(lines), lines) / 255
    raw = finish_picture(seen_as(colors), rgb(lines), lines, finish="raw") / 255
    assert np.abs(painted - truth)[off].max() < 0.06
    assert np.abs(painted - truth)[off].mean() < 0.003
    assert np.abs(raw - truth)[off].max() > 0.3


def test_thin_strips_keep_their_colours():
    strips = np.full((256, 256), 255, np.uint8)
    for x in range(0, 257, 20):
        cv2.line(strips, (x, 0), (x, 256), 0, 2)
    index = np.arange(256) // 20
    truth = np.tile(np.stack([index % 2, index % 3 / 2, 1 - index % 2], axis=1), (256, 1, 1)) * 0.8 + 0.1
    seen = cv2.resize(truth * strips[..., None] / 255, (64, 64), interpolation=cv2.INTER_AREA).astype(
        np.float32
    )
    painted = finish_picture(seen_as(seen), rgb(strips), strips) / 255
    off = strips == 255
    assert np.abs(painted - truth)[off].mean() < 0.05


def test_hatching_is_not_darkened_twice():
    lines = np.full((512, 512), 255, np.uint8)
    for x in range(0, 700, 12):
        cv2.line(lines, (x, 100), (x - 150, 400), 0, 3, cv2.LINE_AA)
    seen = cv2.resize(
        np.tile(LEFT, (512, 512, 1)) * lines[..., None] / 255, (128, 128), interpolation=cv2.INTER_AREA
    )
    painted = finish_picture(seen_as(seen.astype(np.float32)), rgb(lines), lines) / 255
    between = painted[150:350, 50:450][lines[150:350, 50:450] == 255]
    np.testing.assert_allclose(between.mean(axis=0), LEFT, atol=0.12)
    assert seen[40:90, 20:110].mean() < LEFT.mean() - 0.15


def test_plain_colour_stays_plain():
    lines, _, _ = two_rooms()
    colors = np.full((64, 64, 3), 0.6, np.float32)
    for finish in ("paint", "raw", "flat", "cel"):
        painted = finish_picture(seen_as(colors), np.full((512, 512, 3), 255, np.uint8), lines, finish=finish)
        np.testing.assert_allclose(painted[lines == 255], 153, atol=2)


def test_soft_shading_inside_a_region_stays():
    shade = np.tile(np.linspace(0.2, 0.8, 64, dtype=np.float32)[None, :, None], (64, 1, 3))
    spread = spread_colors(shade, np.full((256, 256), 255, np.uint8), NO_LINES)
    expected = np.interp((np.arange(256) + 0.5) / 4 - 0.5, np.arange(64), shade[0, :, 0])
    inside = slice(48, -48)  # colours at the picture's edge come from farther in
    np.testing.assert_allclose(spread[128, inside, 0], expected[inside], atol=0.06)
    assert np.ptp(spread[128, inside, 0]) > 0.7 * np.ptp(expected[inside])


def test_a_pale_frame_gives_way_to_the_colours_inside():
    colors = np.full((64, 64, 3), 1, np.float32)
    colors[5:-5, 5:-5] = LEFT
    spread = spread_colors(colors, np.full((256, 256), 255, np.uint8), NO_LINES)
    np.testing.assert_allclose(spread[32:-32, 32:-32], np.broadcast_to(LEFT, (192, 192, 3)), atol=0.05)
    assert np.abs(spread[2, 32:-32] - LEFT).max() < 0.4 * np.abs(1 - LEFT).max()


def test_blotches_fade_within_their_region_only():
    lines, _, colors = two_rooms()
    blotched = colors.copy()
    blotched[10:14, 5:9] = RIGHT
    before = np.abs(cv2.resize(blotched, (512, 512)) - LEFT)[80:112, 40:72].max()
    painted = finish_picture(seen_as(blotched), rgb(lines), lines) / 255
    assert np.abs(painted - LEFT)[80:112, 40:72].max() < 0.75 * before
    np.testing.assert_allclose(painted[200:300, 400:500], np.tile(RIGHT, (100, 100, 1)), atol=0.02)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("finish", ["paint", "cel", "flat", "raw"])
def test_nowhere_lighter_than_the_drawing(depth, finish):
    lines, _, colors = two_rooms(300)
    top = int(np.iinfo(depth).max)
    ink = rgb(lines).astype(depth) * (top // 255)
    ink[lines < 100] = (top, top // 3, 0)
    ink[:20, :20] = 0
    painted = finish_picture(seen_as(colors), ink, lines, finish=finish)
    assert painted.dtype == depth
    assert (painted <= ink).all()
    assert (painted[:20, :20] == 0).all()
    on_line = painted[(lines < 5)]
    assert (on_line[:, 2] == 0).all() and (on_line[:, 0] > on_line[:, 1]).all()


def test_the_networks_own_lines_on_demand():
    lines, truth, colors = two_rooms()
    painted = (
        finish_picture(seen_as(colors), np.full((512, 512, 3), 255, np.uint8), lines, lines="network") / 255
    )
    off = cv2.erode(lines, np.ones((41, 41))) == 255
    assert np.abs(painted - truth)[off].max() < 0.03
    assert painted[lines == 0].mean() < 0.8 * truth[lines == 0].mean()


def test_sixteen_bits_have_more_than_256_steps():
    shade = np.tile(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], (64, 1, 3))
    white = np.full((64, 2000, 3), 65535, np.uint16)
    painted = finish_picture(seen_as(shade), white, np.full((64, 2000), 255, np.uint8))
    assert len(np.unique(painted[32, :, 0])) > 1000


@pytest.mark.parametrize("size", [(40, 40), (33, 90), (64, 64), (300, 400)])
@pytest.mark.parametrize("finish", ["paint", "cel", "flat", "raw"])
def test_any_size(size, finish, monkeypatch):
    monkeypatch.setattr(spreading, "_WORK_PIXELS", 200 * 300)
    lines = np.full(size, 255, np.uint8)
    cv2.circle(lines, (size[1] // 2, size[0] // 2), size[0] // 3, 0, 2)
    colors = np.full((64, 64, 3), 0.5, np.float32)
    painted = finish_picture(seen_as(colors), rgb(lines), lines, finish=finish)
    assert painted.shape == (*size, 3)
    np.testing.assert_allclose(painted[lines == 255], 128, atol=2)


def test_colours_do_not_even_out_through_a_door():
    page = np.full((256, 256), 255, np.uint8)
    cv2.line(page, (128, 0), (128, 255), 0, 2)
    page[122:134] = 255
    colors = np.tile(np.where(np.arange(64)[:, None] < 32, LEFT, RIGHT), (64, 1, 1)).astype(np.float32)
    colors[20:44, 24:32] = colors[20:44, 32:40] = (LEFT + RIGHT) / 2
    attention = np.full((16, 16, 2), 0.02, np.float32)
    attention[:, :8, 0] = attention[:, 8:, 1] = 0.98
    clues = Clues(colors, colors, Palette(to_bytes(np.stack([LEFT, RIGHT]))), attention)
    whole, divided = (
        np.abs(finish_picture(seen, rgb(page), page) / 255 - LEFT)[96:160, 100:120].mean()
        for seen in (replace(clues, attention=None), clues)
    )
    assert divided < 0.7 * whole


def test_an_open_figure_keeps_its_colour_and_its_paper():
    colors = np.ones((64, 64, 3), np.float32)
    colors[20:44, 20:44] = (0.2, 0.4, 0.9)
    spread = spread_colors(colors, np.full((256, 256), 255, np.uint8), NO_LINES)
    np.testing.assert_allclose(spread[128, 128], (0.2, 0.4, 0.9), atol=0.01)
    np.testing.assert_allclose(spread[30, 30], 1, atol=0.01)


def shapes_with_gaps(side=2048, columns=15):
    """200 discs, blobs and polygons whose outlines have gaps of 1 to 6 pixels, and what lies in each."""
    chance = np.random.default_rng(0)
    page, insides = np.full((side, side), 255, np.uint8), np.zeros((side, side), np.int32)
    turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    for number in range(200):
        middle = (np.array([number % columns, number // columns]) + 0.5) * side / columns
        corner = np.pi / (3 + number % 4)
        radius = (
            chance.uniform(40, 58)
            * (
                np.ones(720),
                1 - 0.2 * np.cos(3 * turn) ** 2,
                np.cos(corner) / np.cos(turn % (2 * corner) - corner),
            )[number % 3]
        )
        outline = middle + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        points, place = [np.rint(16 * outline).astype(np.int32)], chance.integers(720)
        cv2.fillPoly(insides, points, number + 1, cv2.LINE_8, 4)
        cv2.polylines(page, points, True, 0, 1 + number % 4, cv2.LINE_AA, 4)
        along = outline[(place + 3) % 720] - outline[place - 3]
        along /= np.linalg.norm(along)
        left, top = (outline[place] - 12).astype(int).tolist()
        y, x = np.indices((24, 24)) + np.array([top, left])[:, None, None] - outline[place, ::-1, None, None]
        opened = np.abs(x * along[0] + y * along[1]) < (1 + number % 6) / 2
        opened &= np.abs(y * along[0] - x * along[1]) < 8
        page[top : top + 24, left : left + 24][opened] = 255
    return page, insides


def test_small_gaps_let_no_colour_out():
    page, insides = shapes_with_gaps()
    colors = np.array([(255, 255, 255), (220, 30, 40), (20, 60, 200), (250, 200, 40)], np.uint8)
    truth = colors[np.where(insides > 0, 1 + insides % 3, 0)]
    seen = cv2.resize(truth, (512, 512), interpolation=cv2.INTER_AREA) / np.float32(255)
    white = np.full((*page.shape, 3), 255, np.uint8)
    painted = finish_picture(Clues(seen, seen, Palette(colors)), white, page, finish="flat", gap=8 / 2048)
    off = cv2.erode(page, np.ones((7, 7), np.uint8)) == 255
    wrong = (painted != truth).any(axis=2) & off
    assert wrong.sum() <= 0.002 * (insides > 0).sum()
    number = insides[off]
    codes = painted[off].astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    pairs = np.unique((number.astype(np.int64) << 24) | codes) >> 24
    assert (np.bincount(pairs)[1:] == 1).all() and pairs.max() == 200


@pytest.mark.parametrize(("lightest", "page"), [(255, 255), (240, 251)])
def test_paint_whitens_a_faint_tint_if_the_palette_has_white(lightest: int, page: int):
    colors = np.full((64, 64, 3), 251 / 255, np.float32)
    palette = Palette(np.array([(lightest,) * 3, (180, 60, 60)], np.uint8))
    paper = np.full((256, 256), 255, np.uint8)
    painted = finish_picture(Clues(colors, colors, palette), np.repeat(paper[..., None], 3, axis=2), paper)
    np.testing.assert_allclose(painted, page, atol=1)
