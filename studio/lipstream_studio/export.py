"""Writes the ONNX networks that Lipstream serves, checks them against PyTorch and times them.

    python -m lipstream_studio.export --audio work/audio.pt --painter work/painter.pt --out export

A checkpoint that does not exist yet is replaced by an untrained network of the final shape with
``--allow-untrained``, so that the serving side can be built meanwhile.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from lipstream_studio.networks import AudioEncoder, Generator, MouthHead, Painter

OPSET = 13
GENERATOR_FILE = "generator.onnx"
ENCODER_FILE = "audio_encoder.onnx"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, required=True, help="checkpoint of train_audio")
    parser.add_argument("--painter", type=Path, required=True, help="checkpoint of train_generator")
    parser.add_argument("--out", type=Path, required=True, help="folder for the ONNX files")
    parser.add_argument("--allow-untrained", action="store_true")
    args = parser.parse_args()
    encoder, head = load_audio(args.audio, args.allow_untrained)
    painter = load_painter(args.painter, args.allow_untrained)
    args.out.mkdir(parents=True, exist_ok=True)
    export(
        encoder,
        (torch.randn(2, 1, 80, 16),),
        ["mel"],
        "embedding",
        args.out / ENCODER_FILE,
        sizes=(1, 4, 16),
    )
    export(
        Generator(head, painter),
        (torch.rand(2, 6, 320, 320), torch.rand(2, 32, 16, 16)),
        ["input", "audio"],
        "output",
        args.out / GENERATOR_FILE,
        sizes=(1, 4),
    )


def load_audio(path: Path, allow_untrained: bool = False) -> tuple[AudioEncoder, MouthHead]:
    encoder, head = AudioEncoder(), MouthHead()
    if path.exists() or not allow_untrained:
        state = torch.load(path, map_location="cpu")
        encoder = AudioEncoder(state["widths"])
        encoder.load_state_dict(state["average"]["encoder"])
        head.load_state_dict(state["average"]["head"])
    return encoder.eval(), head.eval()


def load_painter(path: Path, allow_untrained: bool = False) -> Painter:
    if not path.exists() and allow_untrained:
        return Painter().eval()
    state = torch.load(path, map_location="cpu")
    painter = Painter(**state["shape"])
    painter.load_state_dict(state["average"])
    return painter.eval()


def export(
    network: torch.nn.Module,
    example: tuple[torch.Tensor, ...],
    inputs: list[str],
    output: str,
    path: Path,
    sizes: tuple[int, ...],
) -> None:
    network.eval()
    partial = path.with_suffix(".partial")
    torch.onnx.export(
        network,
        example,
        str(partial),
        input_names=inputs,
        output_names=[output],
        dynamic_axes={name: {0: "n"} for name in [*inputs, output]},
        opset_version=OPSET,
    )
    onnx.checker.check_model(onnx.load(str(partial)))
    os.replace(partial, path)
    session = one_core_session(path)
    with torch.no_grad():
        expected = network(*example).numpy()
    feed = {name: value.numpy() for name, value in zip(inputs, example)}
    difference = float(np.abs(session.run(None, feed)[0] - expected).max())
    if difference > 1e-3:
        raise RuntimeError(f"{path}: ONNX Runtime differs from PyTorch by {difference}")
    timings = ", ".join(
        f"{milliseconds_per_item(session, feed, size):.2f} ms at batch {size}" for size in sizes
    )
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {timings}, differs {difference:.1e}")


def one_core_session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def milliseconds_per_item(
    session: onnxruntime.InferenceSession, feed: dict[str, np.ndarray], size: int, runs: int = 15
) -> float:
    """Core time, best of a few runs on one core; holds on a busy machine too."""
    batch = {name: np.repeat(value[:1], size, 0) for name, value in feed.items()}
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        session.run(None, batch)
        best = min(best, time.process_time() - start)
    return best * 1000 / size


if __name__ == "__main__":
    main()
