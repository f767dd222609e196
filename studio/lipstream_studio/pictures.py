"""The wall behind a character and how a render with transparency is laid over it. Pictures are B,G,R floats 0..255."""

import cv2
import numpy as np

from .frame import HEIGHT_PX, WIDTH_PX

CENTRE = np.array([206.0, 201.0, 194.0])
EDGE = np.array([150.0, 140.0, 128.0])


def background(width_px=WIDTH_PX, height_px=HEIGHT_PX):
    """A plain studio wall, lit in the middle, in whole grey levels."""
    y, x = np.mgrid[:height_px, :width_px].astype(np.float32)
    radius = np.hypot((x - width_px * 0.5) / width_px, (y - height_px * 0.42) / height_px)
    blend = np.clip(radius / 0.75, 0, 1)[..., None] ** 1.2
    return np.round(CENTRE + (EDGE - CENTRE) * blend)


RIM_SIGMA_PX = 0.8
NOTHING, EVERYTHING = 2, 253  # coverage in 255ths that is taken for none and for all


def layers(rgba):
    """The colour (B,G,R floats) and the coverage (bytes) of an OpenCV picture with straight alpha.

    With a few samples a pixel the coverage of the rim is noisy and its colours are dark: the rim gets the coverage of
    its neighbourhood, and the colour of the opaque pixels next to it.
    """
    colour = rgba[..., :3].astype(np.float32)
    alpha = rgba[..., 3].astype(np.float32) / 255
    opaque = (alpha > 0.99).astype(np.float32)
    coverage = np.round(cv2.GaussianBlur(alpha, (0, 0), RIM_SIGMA_PX) * 255)
    coverage = np.where(coverage <= NOTHING, 0, np.where(coverage >= EVERYTHING, 255, coverage)).astype(np.uint8)
    weight = cv2.GaussianBlur(opaque, (0, 0), RIM_SIGMA_PX)[..., None]
    spread = cv2.GaussianBlur(colour * opaque[..., None], (0, 0), RIM_SIGMA_PX)
    beside = np.where(weight > 1e-3, spread / np.maximum(weight, 1e-3), colour)
    rim = ((coverage > 0) & (coverage < 255))[..., None]
    return np.where(rim, beside, colour), coverage


def over(rgba, wall):
    """An OpenCV picture with straight alpha (B,G,R,A bytes) over a wall of the same size."""
    colour, coverage = layers(rgba)
    share = coverage[..., None].astype(np.float32) / 255
    return colour * share + wall * (1 - share)


def load(path):
    """The picture of a file, B,G,R,A bytes."""
    rgba = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if rgba is None:
        raise FileNotFoundError(f"no picture at {path}: render it first (python -m lipstream_studio.render)")
    return rgba


def load_over(path, wall, rectangle=None):
    """The picture of a file over the wall, as bytes; `rectangle` [x1,y1,x2,y2] says where a crop belongs."""
    if rectangle is not None:
        x1, y1, x2, y2 = rectangle
        wall = wall[y1:y2, x1:x2]
    return np.clip(over(load(path), wall) + 0.5, 0, 255).astype(np.uint8)
