"""Renders the idle frames, the mouth crops and a mask of the hair; skips what exists, so it can be stopped and started at any time.

    python -m lipstream_studio.render [--character ada]

Every idle frame comes with some of its crops, so that training can begin on a part. Pictures are RGBA with straight alpha;
a crop has the pixels of the painted part of its idle frame's rectangle.
"""

import argparse
import json
import time

from . import characters, motion, mouth
from .frame import painted
from .scene import Studio

IDLE_SAMPLES, MOUTH_SAMPLES, HAIR_SAMPLES = 6, 8, 4
FIRST_CROPS_PER_FRAME = 6  # in the first round; the second makes the rest


def finish(studio, target, rectangle=None, seed=0):
    """Renders beside the target and renames, so that a picture is there whole or not at all."""
    partial = target.with_name("partial-" + target.name)
    studio.render(partial, rectangle, seed)
    partial.rename(target)


def idle_job(studio, frame):
    target = studio.looks.renders / f"idle/{frame:05d}.png"
    if target.exists():
        return False
    studio.scene.cycles.samples = IDLE_SAMPLES
    studio.show_far_hair(True)
    studio.pose(studio.looks.idle.pose(frame))
    finish(studio, target)
    return True


def hair_job(studio):
    """Where the first frame shows hair: the alpha of a picture in which all else only hides what is behind it."""
    target = studio.looks.renders / "hair.png"
    if target.exists():
        return False
    studio.scene.cycles.samples = HAIR_SAMPLES
    studio.show_far_hair(True)
    studio.pose(studio.looks.idle.pose(0))
    for thing in studio.scene.objects:
        thing.is_holdout = thing.type in ("MESH", "CURVES") and thing not in studio.hair
    finish(studio, target)
    for thing in studio.scene.objects:
        thing.is_holdout = False
    return True


def mouth_job(studio, number, shot, rectangle):
    target = studio.looks.renders / shot["file"]
    if target.exists():
        return False
    studio.scene.cycles.samples = MOUTH_SAMPLES
    studio.show_far_hair(False)
    pose = studio.looks.idle.pose(shot["idle"])
    shape = mouth.units(shot["par"])
    pose.units = pose.units | {name: pose.units.get(name, 0) + weight for name, weight in shape.items()}
    studio.pose(pose)
    finish(studio, target, painted(rectangle), seed=1 + number)
    return True


def order(idle):
    """Frames in an order that spreads over the loop, blinks first: any beginning of it is a fair sample.

    Each is rendered with some of its crops, so that every crop has its idle frame at once.
    """
    last = motion.FRAME_COUNT - 1
    blinking = {start + k for start in idle.blinks for k in range(-1, len(motion.BLINK) + 1)}
    late = [0 if f % 4 == 0 or f == last or f in blinking else 1 + f % 2 for f in range(last + 1)]
    return sorted(range(last + 1), key=lambda f: (late[f], f * 31 % (last + 1)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--threads", type=int, default=2)
    characters.add_argument(arguments)
    chosen = arguments.parse_args()
    studio, renders = Studio(chosen.character, IDLE_SAMPLES, chosen.threads), chosen.character.renders
    rectangles = json.loads((renders / "rects.json").read_text())
    shots = json.loads((renders / "shots.json").read_text())
    for folder in ("idle", "mouth"):
        (renders / folder).mkdir(exist_ok=True)
    frames = order(chosen.character.idle)
    hair_job(studio)
    started = time.time()
    for crops in (FIRST_CROPS_PER_FRAME, len(shots)):
        for frame in frames:
            idle_job(studio, frame)
            for number in [n for n, shot in enumerate(shots) if shot["idle"] == frame][:crops]:
                mouth_job(studio, number, shots[number], rectangles[frame])
            print(f"PROGRESS frame {frame} with up to {crops} crops after {time.time() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
