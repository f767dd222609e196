"""Reads the mouth off pictures: lip opening, width and lower lip under teeth, from the lightness of the lower face.

    python -m lipstream_studio.mouth_reader --character ada [--renders work/ada/renders]

fits it on clean renders, whose mouths are known, says how well it reads held-out ones, and writes
``studio/readers/ada.csv``. It is a linear map from the mean lightness of a grid's cells, so that a test in
any language can use the file: a line of offsets, then a line a cell, row by row.
"""

from __future__ import annotations

import argparse
import functools
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lipstream_studio import frame, mouth, pictures
from lipstream_studio.workspace import STUDIO, WORK

ROWS, COLUMNS = 36, 40
# The part of the crop rectangle that the grid covers: top, bottom, left, right.
BOX = (0.30, 0.82, 0.20, 0.80)
PATTERNS = 96
HELD_OUT_EVERY = 16
BLUR_SIGMA_PX = 1.2
READINGS = ("opening, mm", "width, mm", "lip under teeth")
HEADER = f"# lightness 0..255 of {ROWS}x{COLUMNS} cells -> " + "; ".join(READINGS)


@dataclass(frozen=True)
class MouthReader:
    """``readings = cells @ weights + offsets``."""

    weights: np.ndarray
    offsets: np.ndarray

    def read(self, greys: np.ndarray) -> np.ndarray:
        """Readings [n, 3] of the lightness of crop rectangles [n, side, side]."""
        return cells(greys) @ self.weights + self.offsets


def readings_of(mouths: np.ndarray) -> np.ndarray:
    """What a perfect reader says of known mouths: [n, 3]."""
    return np.stack([mouth.opening_mm(mouths), mouth.width_mm(mouths), mouth.lip_under_teeth(mouths)], -1)


def cells(greys: np.ndarray) -> np.ndarray:
    """Mean lightness of each cell, row by row; borders are rounded to whole pixels: [n, ROWS * COLUMNS]."""
    height, width = greys.shape[1:]
    rows = np.floor(np.linspace(BOX[0] * height, BOX[1] * height, ROWS + 1) + 0.5).astype(int)
    columns = np.floor(np.linspace(BOX[2] * width, BOX[3] * width, COLUMNS + 1) + 0.5).astype(int)
    sums = np.zeros((len(greys), height + 1, width + 1))
    sums[:, 1:, 1:] = np.cumsum(np.cumsum(greys, 1, dtype=np.float64), 2)
    corners = sums[:, rows][:, :, columns]
    inside = corners[:, 1:, 1:] - corners[:, :-1, 1:] - corners[:, 1:, :-1] + corners[:, :-1, :-1]
    return (inside / (np.diff(rows)[:, None] * np.diff(columns))).reshape(len(greys), -1)


def load(path: Path) -> MouthReader:
    lines = np.loadtxt(path, delimiter=",", ndmin=2)
    return MouthReader(lines[1:], lines[0])


def save(reader: MouthReader, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    lines = np.concatenate([reader.offsets[None], reader.weights])
    np.savetxt(path, lines, fmt="%.4g", delimiter=",", header=HEADER[2:])


def fit(greys: np.ndarray, mouths: np.ndarray) -> MouthReader:
    """Least squares on the strongest patterns of the cells, sharp, blurred and of other brightness."""
    source = np.random.default_rng(0)
    blurred = np.stack([cv2.GaussianBlur(grey, (0, 0), BLUR_SIGMA_PX) for grey in greys])
    dimmed = greys * source.uniform(0.96, 1.04, (len(greys), 1, 1))
    seen = np.concatenate([cells(kind) for kind in (greys, blurred, dimmed)])
    wanted = np.tile(readings_of(mouths), (3, 1))
    mean_seen, mean_wanted = seen.mean(0), wanted.mean(0)
    _, _, patterns = np.linalg.svd(seen - mean_seen, full_matrices=False)
    basis = patterns[:PATTERNS].T
    solved = np.linalg.lstsq((seen - mean_seen) @ basis, wanted - mean_wanted, rcond=None)[0]
    weights = basis @ solved
    return MouthReader(weights, mean_wanted - mean_seen @ weights)


def clean_renders(renders: Path) -> tuple[np.ndarray, np.ndarray]:
    """Lightness of all mouth crops over the avatar's wall [n, side, side], and their mouths [n, 10]."""
    rectangles = json.loads((renders / "rects.json").read_text())
    greys, mouths = [], []
    for shot in rendered_shots(renders).values():
        picture = clean_crop(renders, shot, rectangles[shot["idle"]])
        greys.append(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
        mouths.append(shot["par"])
    return np.stack(greys), np.array(mouths, np.float32)


def rendered_shots(renders: Path) -> dict[int, dict]:
    """The shots that are there, by number."""
    shots = json.loads((renders / "shots.json").read_text())
    there = {n: shot for n, shot in enumerate(shots) if (renders / shot["file"]).exists()}
    if not there:
        raise FileNotFoundError(f"{renders} holds no mouth crops; render some first")
    return there


def clean_crop(renders: Path, shot: dict, rectangle: list[int]) -> np.ndarray:
    """A shot in its crop rectangle over the avatar's wall, B,G,R bytes."""
    x1, y1, x2, y2 = rectangle
    left, top, right, bottom = frame.painted(rectangle)
    whole = still(renders / f"idle/{shot['idle']:05d}.png")[y1:y2, x1:x2].copy()
    # Blender sometimes adds a row at the bottom of a border render.
    part = pictures.load(renders / shot["file"])[: bottom - top, : right - left]
    whole[top - y1 : bottom - y1, left - x1 : right - x1] = part
    return np.clip(pictures.over(whole, wall()[y1:y2, x1:x2]) + 0.5, 0, 255).astype(np.uint8)


still = functools.cache(pictures.load)
wall = functools.cache(pictures.background)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--character", default="ada")
    parser.add_argument("--renders", type=Path, help="default: work/CHARACTER/renders")
    args = parser.parse_args()
    greys, mouths = clean_renders(args.renders or WORK / args.character / "renders")
    held_out = np.arange(len(greys)) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
    judged = fit(greys[~held_out], mouths[~held_out]).read(greys[held_out])
    truth = readings_of(mouths[held_out])
    path = STUDIO / "readers" / f"{args.character}.csv"
    save(fit(greys, mouths), path)
    print(f"{path}: {len(greys)} crops, {held_out.sum()} held out")
    for index, name in enumerate(READINGS):
        r = np.corrcoef(judged[:, index], truth[:, index])[0, 1]
        error = np.sqrt(((judged - truth)[:, index] ** 2).mean())
        print(f"{name}: r {r:.4f}, error {error:.2f} of {np.ptp(truth[:, index]):.1f}")


if __name__ == "__main__":
    main()
