import unittest

import cv2
import numpy as np

from lipstream_studio.steady import movements, steady

HEIGHT, WIDTH = 120, 160
HAIR = np.zeros((HEIGHT, WIDTH))
HAIR[20:100, 30:130] = 1


def texture(rng):
    return cv2.GaussianBlur(rng.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32), (0, 0), 3)


def loop(count, noise, rng, step_px=0.4):
    """Frames of a texture that slides to the right, each with noise of its own; all opaque."""
    still, frames = texture(rng), []
    for number in range(count):
        moved = cv2.warpAffine(still, np.float32([[1, 0, number * step_px], [0, 1, 0]]), (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        colour = np.clip(moved + rng.normal(0, noise, still.shape), 0, 255)
        frames.append(np.concatenate([colour, np.full((HEIGHT, WIDTH, 1), 255)], 2).astype(np.uint8))
    return frames


def error(frames, clean):
    inside = slice(40, 80), slice(50, 110)
    return np.mean([np.abs(f[inside].astype(float) - c[inside]).mean() for f, c in zip(frames, clean)])


class Steady(unittest.TestCase):
    def test_hair_loses_most_of_its_noise_and_stays_where_it_was(self):
        clean, noisy = loop(9, 0, np.random.default_rng(1)), loop(9, 12, np.random.default_rng(1))
        self.assertLess(error(steady(noisy, HAIR), clean), 0.55 * error(noisy, clean))

    def test_nothing_else_is_touched(self):
        frames = loop(4, 12, np.random.default_rng(2))
        for before, after in zip(frames, steady(frames, HAIR)):
            np.testing.assert_array_equal(before[:8], after[:8])
            np.testing.assert_array_equal(before[:, :8], after[:, :8])

    def test_movement_is_found_to_a_fraction_of_a_pixel(self):
        greys = [f[..., 0] for f in loop(4, 0, np.random.default_rng(3), 1.5)]
        moved = movements(greys, HAIR)[3] @ [80, 60, 1]
        np.testing.assert_allclose(moved[:2], [84.5, 60], atol=0.1)


if __name__ == "__main__":
    unittest.main()
