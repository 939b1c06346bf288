"""What is taught on paintings: thin, no texture, closed outlines."""

import cv2
import numpy as np

from rltn_cli.engine.training.lines.targets import merge_lines, ridges


def test_a_thick_edge_becomes_one_thin_ridge() -> None:
    edges = np.zeros((64, 64), np.float32)
    cv2.line(edges, (10, 8), (50, 55), 1.0, 7)
    edges = cv2.GaussianBlur(edges, (0, 0), 2).astype(np.float32)
    thin = ridges(edges)
    rows = thin[20:44] > 0.5
    assert (rows.sum(1) >= 1).all() and (rows.sum(1) <= 3).all()
    middles = [float(np.flatnonzero(row).mean()) for row in rows]
    expected = [10 + (y - 8) * 40 / 47 for y in range(20, 44)]
    assert np.abs(np.array(middles) - expected).max() < 1


def test_weak_edges_leave_nothing() -> None:
    edges = np.zeros((32, 32), np.float32)
    edges[:, 16] = 0.25
    assert ridges(edges).max() == 0
    edges[:, 16] = 0.45
    assert 0.4 < ridges(edges)[:, 16].mean() < 0.6


def test_texture_goes_lines_stay_and_missing_outlines_are_drawn() -> None:
    line = np.full((96, 96), 255, np.uint8)
    line[8:40:3, 8:40] = 0  # texture that HED sees nothing of
    line[70, 8:88] = 0  # a line where HED sees one
    edges = np.full((144, 144), 255, np.uint8)
    cv2.line(edges, (12, 105), (132, 105), 0, 7)
    cv2.line(edges, (110, 10), (110, 80), 0, 7)  # an outline without a line
    taught = merge_lines(line, cv2.GaussianBlur(edges, (0, 0), 2).astype(np.uint8))
    assert taught.shape == line.shape
    assert (taught[8:40, 8:40] > 250).all()
    assert (taught[70, 12:84] < 50).all()
    assert (taught[74:80, 12:60] > 128).all(), "the line is as thin as it was"
    column = taught[15:45, 66:82]
    assert (column.min(1) < 100).all() and ((column < 128).sum(1) <= 3).all()


def test_pale_hairlines_are_dark_lines() -> None:
    line = np.full((64, 64), 255, np.uint8)
    line[32] = 80
    edges = np.full((64, 64), 255, np.uint8)
    edges[29:36] = 0
    assert merge_lines(line, edges)[32].max() == 0
