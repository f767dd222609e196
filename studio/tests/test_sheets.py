import unittest

import numpy as np

from lipstream_studio.sheets import Crown, Sheets


def curtain(columns=4, rows=6):
    """A flat sheet of quads, one metre wide and high, that hangs from z = 1."""
    x, z = np.meshgrid(np.linspace(0, 1, columns + 1), np.linspace(1, 0, rows + 1))
    vertices = np.stack([x.ravel(), np.ones(x.size), z.ravel()], 1)
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    return vertices, np.stack([corner, corner + 1, corner + columns + 2, corner + columns + 1], 1).ravel()


class Hair(unittest.TestCase):
    def test_runs_from_the_top_of_a_sheet_to_its_bottom(self):
        strands, _ = Sheets(*curtain(), crown_y=0).strands(200, 12, np.random.default_rng(1))
        height = strands[..., 2]
        self.assertTrue((height[:, 0] > 0.99).all())
        self.assertTrue((height[:, -1] < 0.11).all())
        self.assertTrue((np.diff(height, axis=1) < 0).all())

    def test_covers_the_sheet_evenly(self):
        strands, _ = Sheets(*curtain(), crown_y=0).strands(4000, 12, np.random.default_rng(1))
        shares = np.histogram(strands[:, 0, 0], bins=4, range=(0, 1))[0] / 4000
        self.assertLess(np.abs(shares - 0.25).max(), 0.05)

    def test_ends_where_it_is_cut(self):
        strands, _ = Sheets(*curtain(), crown_y=0).strands(200, 12, np.random.default_rng(1), lowest=0.4)
        self.assertGreater(strands[..., 2].min(), 0.4)

    def test_does_not_run_along_the_parting(self):
        vertices, corners = curtain()
        lying = vertices[:, [0, 2, 1]] * [0.02, -0.1, 1]  # from the forehead backwards, along the middle
        self.assertEqual(Sheets(lying, corners, crown_y=1).chains, [])


def dome(rng, dent=0.01):
    """Hair from a parting down both sides of a ball of 0.1 m, with a dent in every other strand."""
    down = np.linspace(0.02, 1.2, 12)
    turn = rng.uniform(0, 2 * np.pi, (600, 1))
    radius = 0.1 + np.where(np.arange(600)[:, None] % 2, -dent, 0) * np.ones(12)
    ring = radius * np.sin(down)
    return np.stack([ring * np.cos(turn), ring * np.sin(turn), radius * np.cos(down)], -1)


class RoundCrown(unittest.TestCase):
    def setUp(self):
        self.hairs = dome(np.random.default_rng(4))
        self.crown = Crown(self.hairs, np.zeros(3), 0.04, 0.06)

    def test_is_rounder_than_the_sheets(self):
        styled = self.crown.styled(self.hairs, np.random.default_rng(5))
        before, after = (np.linalg.norm(h[h[..., 2] > 0.065], axis=1).std() for h in (self.hairs, styled))
        self.assertLess(after, before / 2)

    def test_leaves_hair_below_as_it_is(self):
        styled = self.crown.styled(self.hairs, np.random.default_rng(5))
        below = self.hairs[..., 2] < 0.04
        np.testing.assert_array_equal(styled[below], self.hairs[below])


if __name__ == "__main__":
    unittest.main()
