"""What a mouth must do on a phoneme, whatever its neighbours."""

import unittest

import numpy as np

from lipstream_studio import mouth

JAW = mouth.PARAMETERS.index("JawDrop")


class MouthTest(unittest.TestCase):
    def test_lips_meet_on_a_short_m_between_open_vowels(self):
        segments = [("pau", 0.2), ("aa", 0.4), ("m", 0.45), ("aa", 0.7), ("pau", 1.0)]
        frames = mouth.frames(segments, 1.0)
        distance = np.abs(frames - mouth.LIPS_PRESSED).max(1)
        self.assertLess(distance.min(), 0.02)
        self.assertGreater(frames[:, JAW].max(), 0.4)

    def test_mouth_rests_in_silence(self):
        frames = mouth.frames([("pau", 0.5), ("aa", 0.7), ("pau", 1.5)], 1.5)
        self.assertLess(np.abs(frames[:8]).max(), 0.01)
        self.assertLess(np.abs(frames[-10:]).max(), 0.01)

    def test_side_moves_both_corners(self):
        units = mouth.units(mouth.VISEMES["iy"])
        self.assertEqual(units["MouthLeftPullSide"], units["MouthRightPullSide"])

    def test_unknown_phoneme_is_named(self):
        with self.assertRaisesRegex(ValueError, "'xx'"):
            mouth.curve([("xx", 0.1)], 0.2)


if __name__ == "__main__":
    unittest.main()
