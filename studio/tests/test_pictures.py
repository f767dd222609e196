"""Renders laid over a wall, and the matte that tells how."""

import unittest

import numpy as np

from lipstream_studio import pictures


class PicturesTest(unittest.TestCase):
    def setUp(self):
        self.rgba = np.zeros((40, 40, 4), np.uint8)
        self.rgba[:, 20:] = (40, 90, 160, 255)  # one half is a head, in a flat colour
        self.wall = np.full((40, 40, 3), 200.0)

    def test_matte_is_everything_inside_nothing_outside_and_soft_between(self):
        _, matte = pictures.layers(self.rgba)
        self.assertEqual((matte[:, :15].max(), matte[:, 25:].min()), (0, 255))
        self.assertTrue(0 < matte[20, 19] < matte[20, 20] < 255)

    def test_picture_is_mixed_with_the_very_values_of_the_matte(self):
        _, matte = pictures.layers(self.rgba)
        share = matte[..., None] / 255.0
        expected = np.array([40, 90, 160]) * share + self.wall * (1 - share)
        self.assertLess(np.abs(pictures.over(self.rgba, self.wall) - expected).max(), 0.01)

    def test_wall_has_whole_grey_levels_as_its_file(self):
        wall = pictures.background()
        self.assertTrue((wall == wall.astype(np.uint8)).all())


if __name__ == "__main__":
    unittest.main()
