"""The idle loop and the rectangles that follow it."""

import json
import unittest
from argparse import ArgumentTypeError

import numpy as np

from lipstream_studio import characters, motion

CHARACTERS = [characters.named(name) for name in characters.NAMES]


def angles(idle, frame):
    pose = idle.pose(frame)
    return np.array([pose.yaw, pose.pitch, pose.roll, pose.breath])


class IdleLoop(unittest.TestCase):
    def test_stands_nearly_still_where_the_loop_turns_round(self):
        last = motion.FRAME_COUNT - 1
        for idle in (looks.idle for looks in CHARACTERS):
            fastest = max(np.abs(angles(idle, n + 1) - angles(idle, n)).max() for n in range(last))
            for a, b in ((0, 1), (last - 1, last)):
                self.assertLess(np.abs(angles(idle, a) - angles(idle, b)).max(), fastest / 8)

    def test_closes_both_eyes_in_a_blink_and_opens_them_again(self):
        for idle in (looks.idle for looks in CHARACTERS):
            closures = [idle.pose(n).units["eye-left-closure"] for n in range(motion.FRAME_COUNT)]
            self.assertGreaterEqual(max(closures), 1.0)
            self.assertEqual(closures[0], idle.lids)
            self.assertEqual(closures[-1], idle.lids)

    def test_opens_no_mouth(self):
        for looks in CHARACTERS:
            for n in range(motion.FRAME_COUNT):
                self.assertFalse({"JawDrop", "lowerLipDown", "UpperLipUp"} & looks.idle.pose(n).units.keys())


class Rectangles(unittest.TestCase):
    def test_have_one_size_and_move_by_few_pixels(self):
        for avatar in (looks.avatar for looks in CHARACTERS if looks.avatar.exists()):
            boxes = np.array(json.loads((avatar / "rectangles.json").read_text()))
            sides = boxes[:, 2:] - boxes[:, :2]
            self.assertEqual(len(boxes), len(list((avatar / "frames").iterdir())))
            self.assertEqual(len(np.unique(sides)), 1)
            self.assertLessEqual(np.abs(np.diff(boxes, axis=0)).max(), 3)


class Characters(unittest.TestCase):
    def test_unknown_name_is_told_with_the_known_ones(self):
        with self.assertRaisesRegex(ArgumentTypeError, "'eve'.*ada"):
            characters.named("eve")


if __name__ == "__main__":
    unittest.main()
