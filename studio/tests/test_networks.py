"""The networks keep the contract that the server relies on."""

import unittest

import torch

from lipstream_studio import features, mouth
from lipstream_studio.networks import AudioEncoder, Generator, MouthHead, Painter


class NetworksTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(3)
        self.painter = Painter().eval()
        # A draft that would change every pixel of its rectangle.
        self.painter.draft_mixing.fill_(0.1)
        self.painter.draft_changes.fill_(1.0)

    def test_embeddings_are_never_negative(self):
        embeddings = AudioEncoder()(torch.randn(3, 1, features.MEL_BANDS, features.WINDOW_ROWS))
        self.assertEqual(embeddings.shape, (3, features.FEATURE_SIZE))
        self.assertGreaterEqual(embeddings.min().item(), 0)

    @torch.no_grad()
    def test_generator_leaves_everything_outside_the_painted_rectangle(self):
        generator = Generator(MouthHead(), self.painter).eval()
        visual = torch.rand(2, 6, 320, 320)
        output = generator(visual, torch.rand(2, 32, 16, 16))
        self.assertEqual(output.shape, (2, 3, 320, 320))
        changed = (output != visual[:, :3]).any(1).any(0)
        rows, columns = changed.any(1).nonzero(), changed.any(0).nonzero()
        painter = self.painter
        self.assertGreaterEqual(rows.min().item(), painter.top)
        self.assertLess(rows.max().item(), painter.top + painter.height)
        self.assertGreaterEqual(columns.min().item(), painter.left)
        self.assertLess(columns.max().item(), painter.left + painter.width)
        self.assertTrue(((output >= 0) & (output <= 1)).all())

    @torch.no_grad()
    def test_draft_of_a_resting_mouth_is_the_reference(self):
        patch = torch.rand(1, 3, self.painter.height, self.painter.width)
        self.assertTrue(torch.equal(self.painter.draft(patch, torch.zeros(1, 10)), patch))
        pressed = torch.from_numpy(mouth.LIPS_PRESSED)[None]
        self.assertFalse(torch.equal(self.painter.draft(patch, pressed), patch))


if __name__ == "__main__":
    unittest.main()
