"""The features equal the model family's, as the golden data of the media module records them."""

import json
import unittest
from pathlib import Path

import numpy as np

from lipstream_studio import features

GOLDEN = Path(__file__).resolve().parents[2] / "media/src/test/resources/golden/mel"


class FeaturesTest(unittest.TestCase):
    def setUp(self):
        self.golden = json.loads((GOLDEN / "golden.json").read_text())
        self.mel = features.mel(features.read_wav(GOLDEN / "signal.wav"))

    def test_mel_equals_golden_rows(self):
        expected = np.fromfile(GOLDEN / "signal.mel.f32", "<f4").reshape(-1, features.MEL_BANDS)
        self.assertEqual(self.mel.shape, expected.shape)
        self.assertLess(np.abs(self.mel - expected).max(), self.golden["tolerance"]["melMaxAbs"])

    def test_windows_start_where_the_family_starts_them(self):
        starts = features.window_starts(len(self.mel))
        self.assertEqual(starts.tolist(), self.golden["windowStarts"])
        for rows, count in self.golden["windowCountByRows"].items():
            self.assertEqual(len(features.window_starts(int(rows))), count)

    def test_context_doubles_the_ends_and_pads_with_zeros(self):
        count = self.golden["windowCount"]
        embeddings = (np.arange(count * 512) % 997 / 997).reshape(count, 512)
        contexts = features.context(embeddings)
        self.assertEqual(len(contexts), self.golden["paddedFeatureCount"])
        for check in self.golden["audioTensor"]["checks"]:
            tensor = contexts[check["frame"]].ravel()
            self.assertAlmostEqual(tensor.sum(), check["sum"], places=6)
            self.assertAlmostEqual(tensor[4096], check["at4096"], places=9)
            self.assertEqual(np.count_nonzero(tensor), check["nonZero"])

    def test_digital_silence_is_the_lowest_level(self):
        self.assertTrue((features.mel(np.zeros(8000)) == features.SILENCE_LEVEL).all())


if __name__ == "__main__":
    unittest.main()
