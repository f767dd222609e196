"""Decides what to render: the crop rectangle of every idle frame and the list of mouth shots.

    python -m lipstream_studio.shots [--character ada] [--count 700]

writes `renders/rects.json` ([[x1,y1,x2,y2], ...] in pixels, half open, one per idle frame, all of one size) and
`renders/shots.json` ([{"file", "idle", "par"}, ...]). Mouth parameters come from synthetic speech (flite on
the path) through the same curves the networks learn. The order is random: any prefix is a fair sample.
"""

import argparse
import json
import re
import subprocess

import numpy as np

from . import characters, motion, mouth
from .scene import Studio

SENTENCES = """Welcome, my name is Ada, and I am happy to help you today.
Could you please tell me a bit more about the problem?
Five very brave foxes moved above the five big bumpy hills.
Papa may buy a purple pumpkin from the market by the bay.
She sells seashells, but who would choose such shoes?
The thin father thought of three other things this Thursday.
We were away for a while, while you were sure of the rule.
Look at the little yellow lemon on the tall glass table.
You usually measure the azure treasure with great pleasure.
All our options are open until half past eleven on Monday.
Keep the key, go get the cake, and give it back to Greg.
The boy enjoyed noisy toys, oysters, and royal oil.
How now, brown cow, out and about around the house.
I like to fly my kite high in the bright sky at night.
Please wait a moment, I am looking that up for you.
Father parked the car far from the large dark barn.
Human beings breathe; hot, humid air has a heavy haze.
Nine new nurses never knew the number nineteen.
Do you prefer to pay by card, by phone, or in person?
That was really awful weather, was it not?""".split("\n")

MARGIN_PX = 13  # between anything that moves with the mouth and the rectangle's border
MOVES_METRES = 0.0008  # less movement than this is not seen
SPREAD_SHARE, EXTREME_SHARE = 0.45, 0.2  # of the shots: far apart; closed or wide open. The rest is drawn evenly


def speech_parameters():
    """Mouth parameters of every video frame of the sentences, spoken at three speeds: [frames, 10]."""
    curves = []
    for number, sentence in enumerate(SENTENCES):
        stretch = str((0.85, 1.0, 1.2)[number % 3])
        spoken = subprocess.run(
            ["flite", "-voice", "slt", "--setf", f"duration_stretch={stretch}", "-psdur", "-t", sentence, "-o", "none"],
            capture_output=True, text=True, check=True,
        ).stdout
        segments = [(phone, float(end)) for phone, end in re.findall(r"([a-z]+):([\d.]+)", spoken)]
        curves.append(mouth.frames(segments, segments[-1][1]))
    return np.concatenate(curves)


def farthest_points(candidates, count):
    """Indices of points far apart from each other, the first one being candidate 0."""
    chosen, distance = [0], np.full(len(candidates), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, ((candidates - candidates[chosen[-1]]) ** 2).sum(1))
        chosen.append(int(distance.argmax()))
    return chosen


def pick(parameters, count, rng):
    """`count` mouth shapes in random order."""
    spread = farthest_points(parameters, int(count * SPREAD_SHARE))
    jaw = parameters[:, mouth.PARAMETERS.index("JawDrop")]
    lip = parameters[:, mouth.PARAMETERS.index("lowerLipUp")]
    edge = count * EXTREME_SHARE / 2
    closed = rng.choice(np.argsort(-lip)[: len(lip) // 8], int(edge))
    wide = rng.choice(np.argsort(-jaw)[: len(jaw) // 8], int(edge))
    evenly = rng.choice(len(parameters), count - len(spread) - len(closed) - len(wide))
    return parameters[rng.permutation(np.concatenate([spread, closed, wide, evenly]))]


def rectangles(studio, parameters):
    """One square per idle frame, of one size, around everything that moves with the mouth; it follows the head."""
    extremes = [mouth.units(p) for p in np.concatenate([parameters.min(0)[None], parameters[farthest_points(parameters, 40)]])]
    anchor_at_rest = np.array([0.0, studio.face.eye[1] - 0.02, studio.face.mouth_z])
    lows, highs, anchors = [], [], []
    for frame in range(motion.FRAME_COUNT):
        pose = studio.looks.idle.pose(frame)
        head = studio.character.head_matrices(pose.yaw, pose.pitch, pose.roll)[-1]
        anchors.append(studio.project([(head @ [*anchor_at_rest, 1])[:3] + np.array(pose.sway)])[0])
        if frame % 9:
            continue
        still = studio.placed("body", pose)
        for shape in extremes:
            pose.units = studio.looks.idle.pose(frame).units
            pose.units = pose.units | {k: pose.units.get(k, 0) + v for k, v in shape.items()}
            moved = studio.placed("body", pose)
            seen = np.linalg.norm(moved - still, axis=1) > MOVES_METRES
            if seen.any():
                both = studio.project(np.concatenate([moved[seen], still[seen]])) - anchors[-1]
                lows.append(both.min(0))
                highs.append(both.max(0))
    low, high = np.min(lows, 0) - MARGIN_PX, np.max(highs, 0) + MARGIN_PX
    print('moving box around the anchor, px:', low.round(1), high.round(1))
    side = int(np.ceil(max(high - low)))
    corner = np.array([-side / 2, (low[1] + high[1] - side) / 2])
    starts = np.round(np.array(anchors) + corner).astype(int)
    return [[int(x), int(y), int(x) + side, int(y) + side] for x, y in starts]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=700, help="mouth shots (default 700)")
    characters.add_argument(arguments)
    chosen = arguments.parse_args()
    count, looks = chosen.count, chosen.character
    rng = np.random.default_rng(looks.seeds.shots)
    parameters = speech_parameters()
    looks.renders.mkdir(parents=True, exist_ok=True)
    places = rectangles(Studio(looks, samples=1, threads=1), parameters)
    (looks.renders / "rects.json").write_text(json.dumps(places))
    idle = np.concatenate([rng.permutation(motion.FRAME_COUNT) for _ in range(-(-count // motion.FRAME_COUNT))])
    shots = [
        {"file": f"mouth/{n:05d}.png", "idle": int(idle[n]), "par": [round(float(x), 4) for x in shape]}
        for n, shape in enumerate(pick(parameters, count, rng))
    ]
    (looks.renders / "shots.json").write_text(json.dumps(shots))
    print(f"{len(parameters)} frames of speech, {count} shots, rectangles of {places[0][2] - places[0][0]} px: {places[0]}")


if __name__ == "__main__":
    main()
