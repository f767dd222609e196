"""Fine-tunes a painter so that its convolutions can compute in 8 bits, and writes generator.int8.onnx.

    python -m lipstream_studio.quantise --renders work/renders --audio work/audio.pt --painter work/painter.pt \\
        --checkpoint work/painter-int8.pt --out export --minutes 20

Ranges of activations are measured first and then kept; while it trains, every convolution sees its input, weights and
output rounded as the runtime will round them. Half of what it learns from are the renders, half what the painter draws
in 32 bits with mouths that were never rendered.

Weights take 7 of the 8 bits: processors without VNNI add pairs of products in 16 bits, which 8 could overflow.
Runs for the given minutes in all, over any number of restarts.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lipstream_studio import checkpoints, export
from lipstream_studio.crops import Crops, gradients, plain
from lipstream_studio.networks import Generator, MouthHead, Painter
from lipstream_studio.train_generator import BATCH, MOUTH_NOISE, REST_EVERY, change_weight, loss_of

FILE = "generator.int8.onnx"
PEAK_RATE = 2e-4
CHECKPOINT_SECONDS = 120
CALIBRATION_BATCHES = 100
# Of what a tensor holds this part may lie beyond its range on either side.
BEYOND = 2e-5
WEIGHT_STEPS = 63
ACTIVATION_STEPS = 255
# Colour and opacity come from one convolution but differ in range tenfold: in one scale of 8 bits colours would band.
# What goes up again costs next to nothing and its range is wide.
WHOLE = ("paint", "up1", "up2")
# What follows is a ReLU: what it would cut off needs no steps.
POSITIVE = ("stem1", "stem2", "down1", "down2", "spread")
TEACHER_LOSS = 1.0
# Sums that end on different sides of a step go different ways from there, so single pixels say nothing.
MEAN_TOLERANCE = 1 / 255


class Rounded(nn.Module):
    """Rounds to 256 steps over a range that is measured first."""

    def __init__(self, positive: bool = False) -> None:
        super().__init__()
        self.positive = positive
        self.measuring = True
        self.register_buffer("low", torch.tensor(0.0))
        self.register_buffer("high", torch.tensor(0.0))

    def forward(self, x: Tensor) -> Tensor:
        if self.measuring:
            self.measure(x.detach())
            return x
        return torch.fake_quantize_per_tensor_affine(x, self.step, self.zero, 0, ACTIVATION_STEPS)

    @property
    def step(self) -> float:
        return (float(self.high) - float(self.low)) / ACTIVATION_STEPS

    @property
    def zero(self) -> int:
        """The step that stands for 0."""
        return round(-float(self.low) / self.step)

    def measure(self, x: Tensor) -> None:
        values = x.flatten()
        beyond = max(1, int(values.numel() * BEYOND))
        self.high.copy_(torch.maximum(self.high, values.topk(beyond).values[-1]))
        if not self.positive:
            self.low.copy_(torch.minimum(self.low, -(-values).topk(beyond).values[-1]))


class RoundedConvolution(nn.Module):
    """A convolution as the runtime computes it in 8 bits."""

    def __init__(self, layer: nn.Conv2d, positive: bool) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight, layer.bias
        self.stride, self.padding = layer.stride, layer.padding
        self.heard = Rounded()
        self.said = Rounded(positive)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight
        if not self.heard.measuring:
            scale = weight_scale(weight.detach())
            zero = torch.zeros_like(scale, dtype=torch.int32)
            weight = torch.fake_quantize_per_channel_affine(weight, scale, zero, 0, -WEIGHT_STEPS, WEIGHT_STEPS)
        return self.said(F.conv2d(self.heard(x), weight, self.bias, self.stride, self.padding))


def weight_scale(weight: Tensor) -> Tensor:
    """Of one step, for each output channel."""
    return weight.abs().amax((1, 2, 3)).clamp(min=1e-8) / WEIGHT_STEPS


def rounded(painter: Painter) -> dict[str, RoundedConvolution]:
    """Puts rounding convolutions in the place of the painter's, by their names."""
    found = {}
    for name, layer in list(painter.named_modules()):
        if isinstance(layer, nn.Conv2d) and name not in WHOLE:
            found[name] = RoundedConvolution(layer, name in POSITIVE)
            parent, _, child = name.rpartition(".")
            owner = painter.get_submodule(parent)
            if isinstance(owner, nn.ModuleList):
                owner[int(child)] = found[name]
            else:
                setattr(owner, child, found[name])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--renders", type=Path, required=True)
    parser.add_argument("--audio", type=Path, required=True, help="checkpoint of train_audio")
    parser.add_argument("--painter", type=Path, required=True, help="checkpoint of train_generator")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for the ONNX file")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(args.seed)
    crops = Crops(args.renders)
    teacher = export.load_painter(args.painter)
    train(crops, teacher, args.painter, args.checkpoint, args.minutes * 60, args.seed)
    painter, layers = load(args.painter, args.checkpoint)
    args.out.mkdir(parents=True, exist_ok=True)
    write(args.audio, painter, layers, args.out / FILE)


def load(painter_path: Path, path: Path) -> tuple[Painter, dict[str, RoundedConvolution]]:
    painter = export.load_painter(painter_path)
    layers = rounded(painter)
    painter.load_state_dict(checkpoints.load(path)["average"])
    measured(layers)
    return painter.eval(), layers


def measured(layers: dict[str, RoundedConvolution]) -> None:
    for layer in layers.values():
        layer.heard.measuring = layer.said.measuring = False


def train(crops: Crops, teacher: Painter, start: Path, path: Path, total_seconds: float, seed: int) -> None:
    painter = export.load_painter(start)
    layers = rounded(painter)
    source = np.random.default_rng(seed)
    step, elapsed = 0, 0.0
    if state := checkpoints.load(path):
        painter.load_state_dict(state["network"])
        step, elapsed = state["step"], state["elapsed"]
        source = np.random.default_rng(seed + step)
    else:
        with torch.no_grad():
            for _ in range(CALIBRATION_BATCHES):
                references, _, mouths = examples(crops, source, step=1)
                painter.change(painter.patch(references), mouths)
    measured(layers)
    optimiser = torch.optim.AdamW(painter.parameters(), PEAK_RATE, weight_decay=1e-4)
    average = checkpoints.Average(painter, 0.998)
    if state:
        optimiser.load_state_dict(state["optimiser"])
        average.state = state["average"]
    painter = painter.to(memory_format=torch.channels_last)
    teacher = teacher.to(memory_format=torch.channels_last)
    weight = change_weight(crops, teacher)
    if step == 0:
        report(0, 0, [math.nan], painter, teacher, crops)
    started, saved, losses = time.monotonic() - elapsed, time.monotonic(), []
    while elapsed < total_seconds:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, elapsed / total_seconds)
        references, targets, mouths = examples(crops, source, step)
        patch, wanted = painter.patch(references), painter.patch(targets)
        painted = patch + painter.change(patch, mouths)
        with torch.no_grad():
            taught = patch + teacher.change(patch, mouths)
        loss = loss_of(painted, wanted, weight) + TEACHER_LOSS * loss_of(painted, taught, weight)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(painter.parameters(), 1.0)
        optimiser.step()
        average.update(painter, step + 100)
        losses.append(loss.item())
        step += 1
        elapsed = time.monotonic() - started
        if elapsed >= total_seconds or time.monotonic() - saved > CHECKPOINT_SECONDS:
            saved = time.monotonic()
            checkpoints.save(
                path,
                {
                    "network": painter.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "average": average.state,
                    "step": step,
                    "elapsed": elapsed,
                },
            )
            judged = export.load_painter(start)
            measured(rounded(judged))
            judged.load_state_dict(average.state)
            report(elapsed, step, losses, judged.eval(), teacher, crops)
            losses.clear()


def examples(crops: Crops, source: np.random.Generator, step: int) -> tuple[Tensor, Tensor, Tensor]:
    training, _ = crops.split()
    references, targets, mouths = crops.batch(list(source.choice(training, BATCH)), gradients(BATCH, source))
    mouths = mouths + torch.randn_like(mouths) * MOUTH_NOISE
    if step % REST_EVERY == 0:  # at rest nothing may change
        targets[0], mouths[0] = references[0], 0
    return references, targets, mouths


def learning_rate(step: int, progress: float) -> float:
    warm = min(1.0, (step + 1) / 100)
    return PEAK_RATE * warm * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))) + 1e-6


@torch.no_grad()
def report(seconds: float, step: int, losses: list[float], painter: Painter, teacher: Painter, crops: Crops) -> None:
    """How far it is from the truth and from the painter in 32 bits, on shots held out."""
    wrong, wrong_before, differing, most = [], [], [], 0.0
    for number in crops.split()[1][:48]:
        references, targets, mouths = crops.batch([number], plain(1))
        own, before = (network.patch(network(references, mouths)) for network in (painter, teacher))
        target = painter.patch(targets)
        wrong.append((own - target).square().mean())
        wrong_before.append((before - target).square().mean())
        differing.append((own - before).square().mean())
        most = max(most, float((own - before).abs().max()))
    decibels = [float(-10 * torch.log10(torch.stack(e).mean())) for e in (wrong, wrong_before, differing)]
    print(
        f"{seconds:6.0f} s step {step} loss {np.mean(losses):.4f} held out {decibels[0]:.2f} dB, in 32 bits "
        f"{decibels[1]:.2f} dB; between them {decibels[2]:.2f} dB, at most {255 * most:.1f} levels",
        flush=True,
    )


def write(audio: Path, painter: Painter, layers: dict[str, RoundedConvolution], path: Path) -> None:
    """The generator with convolutions between QuantizeLinear and DequantizeLinear, as ONNX Runtime fuses them."""
    _, head = export.load_audio(audio)
    example = (torch.rand(2, 6, 320, 320), torch.rand(2, 32, 16, 16))
    rounded_model = model(head, painter, layers)
    with torch.no_grad():
        expected = Generator(head, painter)(*example).numpy()
    feed = {name: value.numpy() for name, value in zip(["input", "audio"], example)}
    drawn = onnxruntime.InferenceSession(rounded_model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feed)
    difference = float(np.abs(drawn[0] - expected).mean())
    if difference > MEAN_TOLERANCE:
        raise RuntimeError(f"{path}: ONNX Runtime differs from PyTorch by {difference} in the mean")
    export.save(rounded_model, path, feed, drawn[0], MEAN_TOLERANCE, (1, 4))


def model(head: MouthHead, painter: Painter, layers: dict[str, RoundedConvolution]) -> onnx.ModelProto:
    """The generator that the rounding painter stands for."""
    whole = Painter(**painter.shape)
    own = whole.state_dict()
    whole.load_state_dict({name: value for name, value in painter.state_dict().items() if name in own})
    example = (torch.rand(2, 6, 320, 320), torch.rand(2, 32, 16, 16))
    written = export.exported(Generator(head, whole.eval()), example, ["input", "audio"], "output")
    found = onnx.load_from_string(written)
    in_bytes(found, {f"painter.{name}.weight": layer for name, layer in layers.items()})
    export.store_weights_in_half(found)
    return found


def in_bytes(model: onnx.ModelProto, layers: dict[str, RoundedConvolution]) -> None:
    """Rounds what goes in and out of those convolutions, and stores their weights in bytes."""
    weights = {weight.name: weight for weight in model.graph.initializer}
    nodes: list[onnx.NodeProto] = []

    def stored(name: str, values: np.ndarray) -> str:
        model.graph.initializer.append(onnx.numpy_helper.from_array(values, name))
        return name

    def round_trip(source: str, name: str, result: str, steps: Rounded) -> None:
        scale = stored(name + ".scale", np.float32(steps.step))
        zero = stored(name + ".zero", np.uint8(steps.zero))
        nodes.append(onnx.helper.make_node("QuantizeLinear", [source, scale, zero], [name + ".bytes"], name + ".to"))
        nodes.append(onnx.helper.make_node("DequantizeLinear", [name + ".bytes", scale, zero], [result], name + ".from"))

    for node in model.graph.node:
        layer = layers.pop(node.input[1], None) if node.op_type == "Conv" else None
        if layer is None:
            nodes.append(node)
            continue
        name, bias_name, said = node.input[1].removesuffix(".weight"), node.input[2], node.output[0]
        values = onnx.numpy_helper.to_array(weights[node.input[1]])
        steps = weight_scale(torch.from_numpy(values.copy())).numpy()
        integers = np.round(values / steps[:, None, None, None]).clip(-WEIGHT_STEPS, WEIGHT_STEPS).astype(np.int8)
        round_trip(node.input[0], name + ".heard", name + ".in", layer.heard)
        scale = stored(name + ".weight.scale", steps)
        zero = stored(name + ".weight.zero", np.zeros(len(steps), np.int8))
        whole = [stored(name + ".weight.bytes", integers), scale, zero]
        nodes.append(onnx.helper.make_node("DequantizeLinear", whole, [name + ".weight"], name + ".weight.from", axis=0))
        # The runtime adds the bias to the sums of products, whose unit is this.
        unit = (steps * layer.heard.step).astype(np.float32)
        bias = np.round(onnx.numpy_helper.to_array(weights[bias_name]) / unit).astype(np.int32)
        parts = [
            stored(name + ".bias.sums", bias),
            stored(name + ".bias.scale", unit),
            stored(name + ".bias.zero", np.zeros(len(unit), np.int32)),
        ]
        nodes.append(onnx.helper.make_node("DequantizeLinear", parts, [name + ".bias"], name + ".bias.from", axis=0))
        for old in (node.input[1], bias_name):
            model.graph.initializer.remove(weights[old])
        node.input[0], node.input[1], node.input[2], node.output[0] = name + ".in", name + ".weight", name + ".bias", name + ".out"
        nodes.append(node)
        round_trip(name + ".out", name + ".said", said, layer.said)
    if layers:
        raise ValueError(f"no convolutions with the weights {', '.join(layers)}")
    del model.graph.node[:]
    model.graph.node.extend(nodes)


if __name__ == "__main__":
    main()
