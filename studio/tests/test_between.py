"""Idle frames made from their neighbours."""

import unittest

import numpy as np

from lipstream_studio.between import between


def disc(x):
    """A soft disc with stripes, x pixels aside, B,G,R,A bytes."""
    row, column = np.mgrid[:120, :160].astype(float)
    radius = np.hypot(column - 80 - x, row - 60)
    picture = np.zeros((120, 160, 4))
    picture[..., :3] = (120 + 60 * np.sin((column - x) / 4) * np.cos(row / 5))[..., None]
    picture[..., 3] = 255 * np.clip(40.5 - radius, 0, 1)
    return np.round(picture).astype(np.uint8)


class BetweenTest(unittest.TestCase):
    def test_lies_where_the_share_of_the_way_says(self):
        for share in (0.25, 0.5, 0.75):
            made, wanted = between(disc(-1.5), disc(1.5), share), disc(-1.5 + 3 * share)
            inside = wanted[..., 3] == 255
            error = np.abs(made.astype(float) - wanted)[inside].mean()
            still = np.abs(disc(-1.5).astype(float) - wanted)[inside].mean()
            self.assertLess(error, still / 3)

    def test_still_neighbours_give_the_same_picture(self):
        self.assertLessEqual(np.abs(between(disc(0), disc(0), 0.5)[..., 3].astype(int) - disc(0)[..., 3]).max(), 1)


if __name__ == "__main__":
    unittest.main()
