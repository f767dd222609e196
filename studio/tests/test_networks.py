"""The networks keep the contract that the server relies on."""

import tempfile
import unittest
from pathlib import Path

import onnxruntime
import torch

from lipstream_studio import export, features, mouth, quantise
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

    @torch.no_grad()
    def test_in_8_bits_it_is_written_as_it_was_trained(self):
        for layer in self.painter.modules():
            if isinstance(layer, torch.nn.Conv2d):
                layer.weight.add_(torch.randn_like(layer.weight) * 0.03)
                layer.bias.add_(torch.randn_like(layer.bias) * 0.03)
        whole = Painter().eval()
        whole.load_state_dict(self.painter.state_dict())
        layers = quantise.rounded(self.painter)
        visual, audio, head = torch.rand(2, 6, 320, 320), torch.rand(2, 32, 16, 16), MouthHead().eval()
        generator = Generator(head, self.painter)
        generator(visual, audio)
        quantise.measured(layers)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / quantise.FILE
            written = quantise.model(head, self.painter, layers)
            path.write_bytes(written.SerializeToString())
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            drawn = torch.from_numpy(session.run(None, {"input": visual.numpy(), "audio": audio.numpy()})[0])
        inside = (slice(None), slice(None), slice(92, 300), slice(64, 256))
        trained = (drawn - generator(visual, audio))[inside].abs().mean().item()
        rounding = (Generator(head, whole)(visual, audio) - generator(visual, audio))[inside].abs().mean().item()
        self.assertGreater(rounding, 0)
        self.assertLess(trained, rounding)
        self.assertEqual({node.op_type for node in written.graph.node} & {"QLinearConv", "DequantizeLinear"}, {"DequantizeLinear"})


if __name__ == "__main__":
    unittest.main()
