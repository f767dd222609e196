import unittest

import numpy as np

from lipstream_studio import soundscapes


class SoundscapesTest(unittest.TestCase):
    def test_every_kind_has_the_asked_length_and_peak(self):
        for kind in soundscapes.KINDS:
            with self.subTest(kind):
                made = soundscapes.make(kind, 16_000, np.random.default_rng(4), 0.25)
                self.assertEqual(made.shape, (16_000,))
                self.assertAlmostEqual(np.abs(made).max(), 0 if kind == "silence" else 0.25, places=6)

    def test_the_same_seed_makes_the_same_sound(self):
        one, other = (soundscapes.make("breath", 8_000, np.random.default_rng(5)) for _ in range(2))
        np.testing.assert_array_equal(one, other)

    def test_a_band_keeps_what_lies_in_it(self):
        time = np.arange(16_000) / 16_000
        inside, outside = (np.sin(2 * np.pi * hertz * time) for hertz in (800, 5000))
        self.assertGreater(soundscapes.band(inside, 400, 2000).std(), 0.9 * inside.std())
        self.assertLess(soundscapes.band(outside, 400, 2000).std(), 0.2 * outside.std())


if __name__ == "__main__":
    unittest.main()
