"""Writes the ONNX networks that Lipstream serves, checks them against PyTorch and times them.

They compute in 32 bits; their weights are stored in 16, which the runtime widens once as it loads the
file. ``generator.fp16.onnx`` computes in 16 bits too, for GPUs; its inputs and outputs stay 32-bit.

    python -m lipstream_studio.export --audio work/audio.pt --painter work/painter.pt --out export

A checkpoint that does not exist yet is replaced by an untrained network of the final shape with
``--allow-untrained``, so that the serving side can be built meanwhile.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.transformers.float16 import convert_float_to_float16

from lipstream_studio.networks import AudioEncoder, Generator, MouthHead, Painter

OPSET = 13
GENERATOR_FILE = "generator.onnx"
HALF_GENERATOR_FILE = "generator.fp16.onnx"
ENCODER_FILE = "audio_encoder.onnx"
# Pictures: half a grey level, and two where 16 bits compute; features of the encoder in their own scale.
TOLERANCE, HALF_TOLERANCE = 0.5 / 255, 2 / 255
# Smaller ones would save less than the Cast that widens them costs.
SMALLEST_HALVED = 256


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
        half_path=args.out / HALF_GENERATOR_FILE,
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
    half_path: Path | None = None,
) -> None:
    network.eval()
    written = exported(network, example, inputs, output)
    with torch.no_grad():
        expected = network(*example).numpy()
    feed = {name: value.numpy() for name, value in zip(inputs, example)}
    if half_path:
        half = in_half(onnx.load_from_string(written))
        save(half, half_path, feed, expected, HALF_TOLERANCE, ())
    whole = onnx.load_from_string(written)
    store_weights_in_half(whole)
    save(whole, path, feed, expected, TOLERANCE, sizes)


def exported(
    network: torch.nn.Module, example: tuple[torch.Tensor, ...], inputs: list[str], output: str
) -> bytes:
    """The network as ONNX for any number of frames, in 32 bits."""
    written = io.BytesIO()
    torch.onnx.export(
        network,
        example,
        written,
        input_names=inputs,
        output_names=[output],
        dynamic_axes={name: {0: "n"} for name in [*inputs, output]},
        opset_version=OPSET,
    )
    return written.getvalue()


def in_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network computing in 16 bits; inputs and outputs stay as they are."""
    # The converter knows which of an operator's inputs must stay 32-bit, but looks among weights only.
    for node in [node for node in model.graph.node if node.op_type == "Constant"]:
        value = next(a.t for a in node.attribute if a.name == "value")
        value.name = node.output[0]
        model.graph.initializer.append(value)
        model.graph.node.remove(node)
    half = convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True)
    in_order(half)
    return half


def in_order(model: onnx.ModelProto) -> None:
    """Sorts nodes so that each comes after those it reads from."""
    known = {""} | {i.name for i in model.graph.input} | {w.name for w in model.graph.initializer}
    waiting, ordered = list(model.graph.node), []
    while waiting:
        ready = [node for node in waiting if known.issuperset(node.input)]
        if not ready:
            raise ValueError(f"no node of {model.graph.name} can come before {waiting[0].name}")
        ordered += ready
        known.update(name for node in ready for name in node.output)
        waiting = [node for node in waiting if not known.issuperset(node.output)]
    del model.graph.node[:]
    model.graph.node.extend(ordered)


def store_weights_in_half(model: onnx.ModelProto) -> None:
    """Replaces 32-bit weights by 16-bit ones that a Cast widens; biases and constants stay."""
    casts = []
    for weight in list(model.graph.initializer):
        values = onnx.numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < SMALLEST_HALVED:
            continue
        stored = weight.name + ".half"
        model.graph.initializer.remove(weight)
        model.graph.initializer.append(
            onnx.numpy_helper.from_array(values.astype(np.float16), stored)
        )
        casts.append(
            onnx.helper.make_node("Cast", [stored], [weight.name], to=onnx.TensorProto.FLOAT)
        )
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)


def save(
    model: onnx.ModelProto,
    path: Path,
    feed: dict[str, np.ndarray],
    expected: np.ndarray,
    tolerance: float,
    sizes: tuple[int, ...],
) -> None:
    onnx.checker.check_model(model)
    partial = path.with_suffix(".partial")
    onnx.save(model, str(partial))
    session = one_core_session(partial)
    difference = float(np.abs(session.run(None, feed)[0] - expected).max())
    if difference > tolerance * max(1.0, float(np.abs(expected).max())):
        raise RuntimeError(f"{path}: ONNX Runtime differs from PyTorch by {difference}")
    os.replace(partial, path)
    timings = ", ".join(
        f"{milliseconds_per_item(session, feed, size):.2f} ms at batch {size}" for size in sizes
    )
    size = f"{path.stat().st_size / 1e6:.2f} MB"
    print(", ".join(filter(None, (f"{path}: {size}", timings, f"differs {difference:.1e}"))))


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
