"""Turns the idle renders into the pictures of an avatar folder: frames, matte, background, rectangles and poster.

    python -m lipstream_studio.package [--character ada]

writes `frames/000000.jpg ...`, `matte/000000.png ...`, `background.png`, `rectangles.json` and `poster.jpg` into
`avatars/NAME` (about 40 seconds). The descriptions beside them, `avatar.yaml` and `LICENSE.md`, are kept by hand; the
networks come from `lipstream_studio.export`.
"""

import argparse
import json
import shutil

import cv2
import numpy as np

from . import characters
from .pictures import background, layers, load, over
from .steady import steady

JPEG_QUALITY = 92
POSTER_WIDTH_PX = 640
POSTER_FRAME = 0

JPEG = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
PNG = [cv2.IMWRITE_PNG_COMPRESSION, 9]


def write(path, picture, settings):
    if not cv2.imwrite(str(path), picture, settings):
        raise OSError(f"cannot write {path}: is the folder writable and the disk not full?")


def fresh(folder):
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    characters.add_argument(arguments)
    looks = arguments.parse_args().character
    rectangles = json.loads((looks.renders / "rects.json").read_text())
    sources = [looks.renders / f"idle/{n:05d}.png" for n in range(len(rectangles))]
    missing = [s.name for s in sources if not s.exists()]
    if missing:
        raise SystemExit(f"{len(missing)} idle frames are missing ({missing[0]} ...): python -m lipstream_studio.render")
    wall = background()
    frames, matte = (fresh(looks.avatar / name) for name in ("frames", "matte"))
    write(looks.avatar / "background.png", wall.astype(np.uint8), PNG)
    hair = load(looks.renders / "hair.png")[..., 3] / 255
    for number, rgba in enumerate(steady([load(source) for source in sources], hair)):
        picture = np.clip(over(rgba, wall) + 0.5, 0, 255).astype(np.uint8)
        write(frames / f"{number:06d}.jpg", picture, JPEG)
        write(matte / f"{number:06d}.png", layers(rgba)[1], PNG)
        if number == POSTER_FRAME:
            height_px = POSTER_WIDTH_PX * picture.shape[0] // picture.shape[1]
            poster = cv2.resize(picture, (POSTER_WIDTH_PX, height_px), interpolation=cv2.INTER_AREA)
            write(looks.avatar / "poster.jpg", poster, JPEG)
    lines = ",\n".join(json.dumps(r) for r in rectangles)
    (looks.avatar / "rectangles.json").write_text(f"[\n{lines}\n]\n")
    sizes = [sum(f.stat().st_size for f in folder.iterdir()) / 1e6 for folder in (frames, matte)]
    print(f"wrote {len(sources)} frames ({sizes[0]:.1f} MB), their matte ({sizes[1]:.1f} MB) and the rest in {looks.avatar}")


if __name__ == "__main__":
    main()
