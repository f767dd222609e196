"""Speaks sentences with a Piper voice and writes NAME.wav and NAME.json for ``corpus --extra``.

    python -m lipstream_studio.piper_recordings --voice en_US-joe-medium.onnx --count 300 --out work/joe

A neural voice sounds more like people do than the other synthesisers. It decides how long each phoneme
lasts; those durations are read from inside the network. espeak-ng turns text into its phonemes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from lipstream_studio import features, ipa
from lipstream_studio.resampling import to_serving_rate
from lipstream_studio.sentences import sentence

HOP_SAMPLES = 256
PAUSES = frozenset(".,;:!?^$")
PADDING = "_"
# A phoneme is heard this much before its share of the durations ends.
_HEARD_EARLIER_SECONDS = 0.02


class Voice:
    """A Piper voice whose network also gives its durations away."""

    def __init__(self, path: Path) -> None:
        self.settings = json.loads(path.with_suffix(".onnx.json").read_text())
        network = onnx.load(str(path))
        rounded = [node.output[0] for node in network.graph.node if node.op_type == "Ceil"]
        if len(rounded) != 1:
            raise ValueError(f"{path}: expected one rounding of durations, found {len(rounded)}")
        durations = onnx.helper.make_tensor_value_info(rounded[0], onnx.TensorProto.FLOAT, None)
        network.graph.output.append(durations)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(network.SerializeToString(), options)

    def speak(
        self, text: str, slowness: float = 1.0, variety: float = 0.667
    ) -> tuple[np.ndarray, list[ipa.Segment]]:
        """Samples at 16 kHz and the mouths' names with their ends."""
        known = self.settings["phoneme_id_map"]
        letters = ["^"] + [letter for letter in self.phonemes(text) if letter in known] + ["$"]
        spaced = [symbol for letter in letters for symbol in (letter, PADDING)][:-1]
        ids = np.array([[known[symbol][0] for symbol in spaced]], np.int64)
        scales = np.array([variety, slowness, 0.8], np.float32)
        feed = {"input": ids, "input_lengths": np.array([ids.shape[1]]), "scales": scales}
        sound, durations = self.session.run(None, feed)
        rate_hz = self.settings["audio"]["sample_rate"]
        # The padding between two phonemes sounds like the second.
        ends = np.cumsum(durations.flatten())[::2] * HOP_SAMPLES / rate_hz
        ends = np.maximum(ends - _HEARD_EARLIER_SECONDS, 0.0)
        segments = ipa.segments(list(zip(letters, map(float, ends))), PAUSES)
        return to_serving_rate(sound.flatten(), rate_hz), segments

    def phonemes(self, text: str) -> str:
        """IPA with the punctuation that makes the pauses."""
        result = ""
        for clause, mark in re.findall(r"([^.,;:!?]+)([.,;:!?]*)", text):
            command = ["espeak-ng", "-q", "--ipa", "-v", self.settings["espeak"]["voice"], clause]
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            result += " ".join(printed.split()) + mark[:1] + " "
        return result.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voice", type=Path, required=True, help="NAME.onnx beside NAME.onnx.json")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=31)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    source, voice = random.Random(args.seed), Voice(args.voice)
    for number in range(args.count):
        text = sentence(source)
        samples, segments = voice.speak(text, source.uniform(0.8, 1.25), source.uniform(0.4, 0.8))
        path = args.out / f"{number:05d}.wav"
        features.write_wav(path, samples)
        path.with_suffix(".json").write_text(json.dumps({"text": text, "segments": segments}))


if __name__ == "__main__":
    main()
