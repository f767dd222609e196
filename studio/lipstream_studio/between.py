"""Makes the idle frames that were not rendered from those that were: two are moved along the optical flow and mixed.

    python -m lipstream_studio.between --character sam

fills the gaps of one to three frames that `render` leaves when it is stopped early (half a second a frame). The head moves
by less than a pixel from frame to frame; blinks are rendered first, so that none falls into a gap.
"""

import argparse

import cv2
import numpy as np

from . import characters
from .motion import FRAME_COUNT
from .pictures import load


def between(before, after, share):
    """The picture at `share` (0..1) of the way between two (B,G,R,A bytes, straight alpha)."""
    layers = [_premultiplied(picture) for picture in (before, after)]
    grey = [np.clip(layer[..., :3].mean(-1) + 128 * (1 - layer[..., 3] / 255), 0, 255).astype(np.uint8) for layer in layers]
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there, back = flow.calc(*grey, None), flow.calc(*grey[::-1], None)
    mixed = (1 - share) * _moved(layers[0], -share * there) + share * _moved(layers[1], -(1 - share) * back)
    mixed[..., :3] /= np.maximum(mixed[..., 3:] / 255, 1e-3)
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


def _premultiplied(picture):
    picture = picture.astype(np.float32)
    picture[..., :3] *= picture[..., 3:] / 255
    return picture


def _moved(picture, flow):
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    return cv2.remap(picture, x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    characters.add_argument(arguments)
    folder = arguments.parse_args().character.renders / "idle"
    frames = [folder / f"{number:05d}.png" for number in range(FRAME_COUNT)]
    rendered = [number for number, frame in enumerate(frames) if frame.exists()]
    for first, last in zip(rendered, rendered[1:]):
        for number in range(first + 1, last):
            share = (number - first) / (last - first)
            cv2.imwrite(str(frames[number]), between(load(frames[first]), load(frames[last]), share))
    print(f"made {FRAME_COUNT - len(rendered)} frames in {folder}, {len(rendered)} were rendered")


if __name__ == "__main__":
    main()
