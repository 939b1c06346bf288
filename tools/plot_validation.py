"""Draw the validation figures of a log of tools/train_slices.py, over the pictures trained on, as SVG.

python tools/plot_validation.py docs/training/rltn-small-gpu.jsonl docs/training/rltn-small-gpu.svg --batch 64
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 150, 30, 50
"""Margins in pixels; labels of the curves stand in the right one."""
COLORS = ("#1f4e79", "#b5442f", "#4c7a34", "#8a5a9e", "#a07a1a", "#2b8a8a", "#7a4632", "#666666")
TICKS = 5
LABEL_DISTANCE = 14.0
"""Least vertical distance of two labels, in pixels."""
PREFIX = "color_error"

Curve = list[tuple[float, float]]


def main(arguments: list[str] | None = None) -> int:
    """Draw a log and return 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("log", type=Path, help="log.jsonl of a run with --validate-every")
    parser.add_argument("output", type=Path, help="the drawing, .svg")
    parser.add_argument("--batch", type=int, required=True, help="pictures of a step")
    options = parser.parse_args(arguments)
    curves = read_curves(options.log.read_text(encoding="utf-8").splitlines(), options.batch)
    if not curves:
        parser.error(f"{options.log} has no validation figures")
    options.output.write_text(draw(curves), encoding="utf-8")
    return 0


def read_curves(lines: Sequence[str], batch: int) -> dict[str, Curve]:
    """Return (pictures, colour error) by source; the average of the sources is called `average`."""
    curves: dict[str, Curve] = {}
    for line in lines:
        entry = json.loads(line)
        for name, value in entry.get("val", {}).items():
            if name.startswith(PREFIX):
                source = name.removeprefix(PREFIX).removeprefix("/") or "average"
                curves.setdefault(source, []).append((entry["step"] * batch, value))
    return curves


def draw(curves: dict[str, Curve]) -> str:
    """Return an SVG document with a curve each, labelled at its end."""
    points = [point for curve in curves.values() for point in curve]
    last, top = max(x for x, _ in points), max(y for _, y in points) * 1.05

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * x / last
        return across, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / top

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for tick in range(TICKS + 1):
        x, y = last * tick / TICKS, top * tick / TICKS
        across, bottom = place(x, 0)
        left, up = place(0, y)
        parts.append(_text(across, bottom + 18, f"{x:,.0f}", "middle"))
        parts.append(_text(left - 8, up + 4, f"{y:.1f}", "end"))
        parts.append(f'<path d="M{left:.1f} {up:.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "pictures", "middle"))
    parts.append(_text(LEFT, TOP - 12, "colour error (mean Lab distance), held-out drawings", "start"))
    labels = spread([(place(*curve[-1])[1], name) for name, curve in curves.items()])
    for number, (name, curve) in enumerate(curves.items()):
        color, width = COLORS[number % len(COLORS)], 3 if name == "average" else 1.5
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in curve))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"/>')
        text = f"{name} {curve[-1][1]:.1f}"
        parts.append(_text(WIDTH - RIGHT + 8, labels[name] + 4, text, "start", color))
    return "\n".join([*parts, "</svg>"]) + "\n"


def spread(labels: list[tuple[float, str]]) -> dict[str, float]:
    """Return the heights of labels, moved down where they would overlap."""
    placed: dict[str, float] = {}
    free = float("-inf")
    for height, name in sorted(labels):
        placed[name] = max(height, free)
        free = placed[name] + LABEL_DISTANCE
    return placed


def _text(x: float, y: float, text: str, anchor: str, color: str = "#222222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'


if __name__ == "__main__":
    sys.exit(main())
