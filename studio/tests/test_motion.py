"""The idle loop and the rectangles that follow it."""

import json
import unittest
from pathlib import Path

import numpy as np

from lipstream_studio import motion

RECTANGLES = Path(__file__).resolve().parents[2] / "avatars/ada/rectangles.json"


def angles(frame):
    pose = motion.pose(frame)
    return np.array([pose.yaw, pose.pitch, pose.roll, pose.breath])


class IdleLoop(unittest.TestCase):
    def test_stands_nearly_still_where_the_loop_turns_round(self):
        last = motion.FRAME_COUNT - 1
        fastest = max(np.abs(angles(n + 1) - angles(n)).max() for n in range(last))
        for a, b in ((0, 1), (last - 1, last)):
            self.assertLess(np.abs(angles(a) - angles(b)).max(), fastest / 8)

    def test_closes_both_eyes_in_a_blink_and_opens_them_again(self):
        closures = [motion.pose(n).units["eye-left-closure"] for n in range(motion.FRAME_COUNT)]
        self.assertEqual(max(closures), 1.0)
        self.assertEqual(closures[0], motion.RESTING["eye-left-closure"])
        self.assertEqual(closures[-1], motion.RESTING["eye-left-closure"])

    def test_opens_no_mouth(self):
        for n in range(motion.FRAME_COUNT):
            self.assertFalse({"JawDrop", "lowerLipDown", "UpperLipUp"} & motion.pose(n).units.keys())


class Rectangles(unittest.TestCase):
    def test_have_one_size_and_move_by_few_pixels(self):
        boxes = np.array(json.loads(RECTANGLES.read_text()))
        sides = boxes[:, 2:] - boxes[:, :2]
        self.assertEqual(len(boxes), motion.FRAME_COUNT)
        self.assertEqual(len(np.unique(sides)), 1)
        self.assertLessEqual(np.abs(np.diff(boxes, axis=0)).max(), 3)


if __name__ == "__main__":
    unittest.main()
