"""Turns the idle renders into the pictures of an avatar folder: frames, rectangles and poster.

    python -m lipstream_studio.package [--character ada]

writes `avatars/NAME/{frames/000000.jpg ..., rectangles.json, poster.jpg}` (about 10 seconds). The descriptions beside
them, `avatar.yaml` and `LICENSE.md`, are kept by hand; the networks come from `lipstream_studio.export`.
"""

import argparse
import json
import shutil

import cv2

from . import characters
from .pictures import background, load_over

JPEG_QUALITY = 92
POSTER_WIDTH_PX = 640
POSTER_FRAME = 0


def write_jpeg(path, picture):
    settings = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    if not cv2.imwrite(str(path), picture, settings):
        raise OSError(f"cannot write {path}: is the folder writable and the disk not full?")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    characters.add_argument(arguments)
    looks = arguments.parse_args().character
    rectangles = json.loads((looks.renders / "rects.json").read_text())
    sources = [looks.renders / f"idle/{n:05d}.png" for n in range(len(rectangles))]
    missing = [s.name for s in sources if not s.exists()]
    if missing:
        raise SystemExit(f"{len(missing)} idle frames are missing ({missing[0]} ...): python -m lipstream_studio.render")
    frames = looks.avatar / "frames"
    shutil.rmtree(frames, ignore_errors=True)
    frames.mkdir(parents=True)
    wall = background()
    for number, source in enumerate(sources):
        picture = load_over(source, wall)
        write_jpeg(frames / f"{number:06d}.jpg", picture)
        if number == POSTER_FRAME:
            height_px = POSTER_WIDTH_PX * picture.shape[0] // picture.shape[1]
            write_jpeg(looks.avatar / "poster.jpg", cv2.resize(picture, (POSTER_WIDTH_PX, height_px), interpolation=cv2.INTER_AREA))
    lines = ",\n".join(json.dumps(r) for r in rectangles)
    (looks.avatar / "rectangles.json").write_text(f"[\n{lines}\n]\n")
    size = sum(f.stat().st_size for f in frames.iterdir())
    print(f"wrote {len(sources)} frames ({size / 1e6:.1f} MB), rectangles and poster in {looks.avatar}")


if __name__ == "__main__":
    main()
