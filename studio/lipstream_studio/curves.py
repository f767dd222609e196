"""Draws the logs of training as a picture (SVG): loss, and what was measured on held-out data.

    python -m lipstream_studio.curves "audio network=work/audio.log" "Ada=work/ada/painter.log" --out curves.svg
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

WIDTH, HEIGHT = 420, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 44, 30, 34
_LINE = re.compile(r"step (\d+) .*?(?:training|loss) ([\d.]+) held out ([\d.]+)( dB)?")


def points(log: Path) -> tuple[list[tuple[int, float, float]], bool]:
    """(step, training loss, held-out figure) in order, and whether that figure is in decibels."""
    found = [_LINE.search(line) for line in log.read_text().splitlines()]
    rows = [(int(m[1]), float(m[2]), float(m[3])) for m in found if m]
    if len(rows) < 2:
        raise ValueError(f"{log} holds {len(rows)} lines of training; expected 'step N ... held out X'")
    return rows, any(m and m[4] for m in found)


def panel(title: str, log: Path, x: int) -> str:
    rows, decibels = points(log)
    steps = [row[0] for row in rows]
    parts = [f'<g transform="translate({x},0)">', _text(LEFT, 18, title, "start", bold=True)]
    held_out = "held out, dB" if decibels else "held out"
    for column, colour, name, side in ((1, "#b0562d", "training", 0), (2, "#2a5d84", held_out, 1)):
        values = [row[column] for row in rows]
        low, high = (0.0, max(v for row in rows for v in row[1:])) if not decibels else (min(values), max(values))
        line = " ".join(f"{_x(s, steps):.1f},{_y(v, low, high):.1f}" for s, v in zip(steps, values))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        edge, anchor = ((LEFT - 5, "end"), (WIDTH - RIGHT + 5, "start"))[side if decibels else 0]
        if decibels or side == 0:
            for value in (low, high):
                shade = colour if decibels else "#444"
                parts.append(_text(edge, _y(value, low, high) + 4, f"{value:.3g}", anchor, shade))
        parts.append(_text(LEFT + 8 + 100 * side, TOP + 12, name, "start", colour))
    parts.append(
        f'<path d="M{LEFT},{TOP} V{HEIGHT - BOTTOM} H{WIDTH - RIGHT}" fill="none" stroke="#888"/>'
    )
    parts.append(_text(LEFT, HEIGHT - BOTTOM + 16, f"step {steps[0]}", "start"))
    parts.append(_text(WIDTH - RIGHT, HEIGHT - BOTTOM + 16, str(steps[-1]), "end"))
    return "\n".join([*parts, "</g>"])


def _x(step: int, steps: list[int]) -> float:
    return LEFT + (step - steps[0]) / (steps[-1] - steps[0]) * (WIDTH - LEFT - RIGHT)


def _y(value: float, low: float, high: float) -> float:
    return HEIGHT - BOTTOM - (value - low) / (high - low or 1) * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#444", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>{text}</text>'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logs", nargs="+", metavar="TITLE=LOG")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    titled = [entry.split("=", 1) for entry in args.logs]
    panels = [panel(title, Path(log), number * WIDTH) for number, (title, log) in enumerate(titled)]
    width = WIDTH * len(panels)
    args.out.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="11">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(panels) + "\n</svg>\n"
    )


if __name__ == "__main__":
    main()
