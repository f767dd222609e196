"""The rendered pictures as the generator sees them: 320x320 regions of interest, B,G,R, over any background.

Renders are transparent where there is no head. Training lays each pair of reference and crop over another
background, so that the generator learns to take the background from the reference.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lipstream_studio import frame

CROP_SIZE, BORDER = frame.CROP_PX, frame.BORDER_PX
REGION_SIZE = CROP_SIZE - 2 * BORDER
HELD_OUT_EVERY = 16


class Crops:
    """Mouth crops rendered so far, each with the idle frame of its pose; more may appear any time.

    Reads what ``shots`` and ``render`` write: ``rects.json``, ``shots.json`` and the pictures named there.
    """

    def __init__(self, renders: Path) -> None:
        self.renders = renders
        self.rectangles = json.loads((renders / "rects.json").read_text())
        self.shots = json.loads((renders / "shots.json").read_text())
        self.stills: dict[int, np.ndarray] = {}
        self.references: dict[int, np.ndarray] = {}
        self.crops: dict[int, np.ndarray] = {}
        self.refresh()

    def refresh(self) -> None:
        """Reads pictures that were rendered since the last time."""
        for number, shot in enumerate(self.shots):
            idle = shot["idle"]
            crop_path = self.renders / shot["file"]
            idle_path = self.renders / f"idle/{idle:05d}.png"
            if number in self.crops or not crop_path.exists() or not idle_path.exists():
                continue
            x1, y1, x2, y2 = self.rectangles[idle]
            if idle not in self.stills:
                self.stills[idle] = read(idle_path)[y1:y2, x1:x2]
                self.references[idle] = region(self.stills[idle])
            left, top, right, bottom = frame.painted(self.rectangles[idle])
            whole = self.stills[idle].copy()
            # Blender sometimes adds a row at the bottom of a border render.
            whole[top - y1 : bottom - y1, left - x1 : right - x1] = read(crop_path)[: bottom - top, : right - left]
            self.crops[number] = region(whole)

    def split(self) -> tuple[list[int], list[int]]:
        """Shots for training and shots held out."""
        training = [n for n in self.crops if n % HELD_OUT_EVERY != HELD_OUT_EVERY - 1]
        return training, [n for n in self.crops if n % HELD_OUT_EVERY == HELD_OUT_EVERY - 1]

    def batch(self, numbers: list[int], backgrounds: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """References, crops (both [N, 3, 320, 320] in [0, 1]) and mouths."""
        references = over([self.references[self.shots[n]["idle"]] for n in numbers], backgrounds)
        crops = over([self.crops[n] for n in numbers], backgrounds)
        mouths = torch.tensor([self.shots[n]["par"] for n in numbers], dtype=torch.float32)
        return references, crops, mouths


def read(path: Path) -> np.ndarray:
    """B,G,R multiplied by alpha, and alpha."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.shape[2] != 4:
        raise ValueError(f"{path}: want a picture with alpha; render it again")
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.concatenate([picture[..., :3] * alpha, picture[..., 3:]], 2)


def region(crop: np.ndarray) -> np.ndarray:
    """A crop rectangle with alpha -> bytes [4, 320, 320]."""
    enlarged = cv2.resize(crop, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC)
    inner = np.clip(np.round(enlarged[BORDER:-BORDER, BORDER:-BORDER]), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(inner.transpose(2, 0, 1))


def over(regions: list[np.ndarray], backgrounds: Tensor) -> Tensor:
    """Regions laid over backgrounds [N, 3, 320, 320] in [0, 1]."""
    layers = torch.from_numpy(np.stack(regions)).float() / 255
    return (layers[:, :3] + backgrounds * (1 - layers[:, 3:])).clamp(0, 1)


def gradients(count: int, source: np.random.Generator) -> Tensor:
    """Smooth random backgrounds."""
    corners = source.uniform(0, 1, (count, 3, 1, 1)) + source.normal(0, 0.15, (count, 3, 3, 3))
    corners = torch.from_numpy(np.clip(corners, 0, 1)).float()
    return F.interpolate(corners, (REGION_SIZE, REGION_SIZE), mode="bilinear", align_corners=True)


def plain(count: int) -> Tensor:
    """A light grey background, for measuring."""
    return torch.full((count, 3, REGION_SIZE, REGION_SIZE), 0.72)
