"""The background behind a character and how a render with transparency is laid over it. Pictures are B,G,R floats 0..255."""

import cv2
import numpy as np

from .frame import HEIGHT_PX, WIDTH_PX

CENTRE = np.array([206.0, 201.0, 194.0])
EDGE = np.array([150.0, 140.0, 128.0])


def background(width_px=WIDTH_PX, height_px=HEIGHT_PX):
    """A plain studio wall, lit in the middle; with a trace of grain, so that no bands show."""
    y, x = np.mgrid[:height_px, :width_px].astype(np.float32)
    radius = np.hypot((x - width_px * 0.5) / width_px, (y - height_px * 0.42) / height_px)
    blend = np.clip(radius / 0.75, 0, 1)[..., None] ** 1.2
    grain = np.random.default_rng(5).normal(scale=0.8, size=(height_px, width_px, 1))
    return CENTRE + (EDGE - CENTRE) * blend + grain


RIM_SIGMA_PX = 0.8


def over(rgba, wall):
    """An OpenCV picture with straight alpha (B,G,R,A bytes) over a wall of the same size.

    With a few samples a pixel the coverage of the rim is noisy and its colours are dark: the rim gets the coverage of
    its neighbourhood, and the colour of the opaque pixels next to it.
    """
    colour = rgba[..., :3].astype(np.float32)
    alpha = rgba[..., 3].astype(np.float32) / 255
    opaque = (alpha > 0.99).astype(np.float32)
    coverage = cv2.GaussianBlur(alpha, (0, 0), RIM_SIGMA_PX)[..., None]
    weight = cv2.GaussianBlur(opaque, (0, 0), RIM_SIGMA_PX)[..., None]
    spread = cv2.GaussianBlur(colour * opaque[..., None], (0, 0), RIM_SIGMA_PX)
    beside = np.where(weight > 1e-3, spread / np.maximum(weight, 1e-3), colour)
    rim = (coverage > 0.002) & (coverage < 0.998)
    return np.where(rim, beside * coverage + wall * (1 - coverage), colour * alpha[..., None] + wall * (1 - alpha[..., None]))


def load_over(path, wall, rectangle=None):
    """The picture of a file over the wall, as bytes; `rectangle` [x1,y1,x2,y2] says where a crop belongs."""
    rgba = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if rgba is None:
        raise FileNotFoundError(f"no picture at {path}: render it first (python -m lipstream_studio.render)")
    if rectangle is not None:
        x1, y1, x2, y2 = rectangle
        wall = wall[y1:y2, x1:x2]
    return np.clip(over(rgba, wall) + 0.5, 0, 255).astype(np.uint8)
