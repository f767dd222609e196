"""Trains audio encoder and mouth head on speech alone: mel windows -> mouth parameters.

    python -m lipstream_studio.train_audio --corpus work/corpus --out work/audio.pt --minutes 30

Runs for the given minutes in all, over any number of restarts: a checkpoint is written every two
minutes and picked up again. ``--start-from`` begins with the weights of another run, also of a wider
encoder, whose strongest channels are kept. The loss sees the head's final mouth, with weight on contacts and rest,
and the head's gates.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lipstream_studio import checkpoints, features, mouth
from lipstream_studio.networks import MOUTH_SIZE, AudioEncoder, MouthHead

CHUNK_FRAMES = 64
CHUNKS_PER_STEP = 12
PEAK_RATE = 1.5e-3
CHECKPOINT_SECONDS = 120
PRESSED_WEIGHT, LIP_TEETH_WEIGHT, REST_WEIGHT = 4.0, 2.0, 1.5
GATE_LOSS = 0.25
STEADINESS_LOSS = 0.3
# Added to the gate of pressed lips when weights are saved for use. Of a voice it never heard the network
# is less sure; this closes lips on a tenth more of its p, b and m, and costs 0.03 of the correlation.
PRESSED_READINESS = 1.5
# Powers add, and one unit of a mel value is 12.5 dB.
NEPERS_A_STEP = 12.5 / 10 * math.log(10)


class Corpus:
    """The utterances of a corpus folder, cut into encoder windows on demand."""

    def __init__(self, folder: Path) -> None:
        data = np.load(folder / "corpus.npz")
        self.described = json.loads((folder / "corpus.json").read_text())
        row_edges = np.concatenate([[0], np.cumsum(data["mel_rows"])])
        frame_edges = np.concatenate([[0], np.cumsum(data["mouth_frames"])])
        mel, mouths = data["mel"], data["mouth"]
        self.mels = [mel[a:b] for a, b in zip(row_edges, row_edges[1:])]
        self.mouths = [mouths[a:b] for a, b in zip(frame_edges, frame_edges[1:])]

    def members(self, group: str) -> list[int]:
        return [i for i, about in enumerate(self.described) if about["group"] == group]

    def chunk(self, index: int, first: int, count: int) -> Chunk:
        """What the networks need to draw frames [first, first + count) of an utterance."""
        mel = self.mels[index]
        starts = features.window_starts(len(mel))
        padded = first - features.CONTEXT_BEFORE + np.arange(count + features.CONTEXT_ROWS - 1)
        inside = (padded >= 0) & (padded < len(starts) + 2)
        windows = np.clip(padded[inside] - 1, 0, len(starts) - 1)
        low = starts[windows[0]]
        rows = mel[low : starts[windows[-1]] + features.WINDOW_ROWS]
        return Chunk(
            torch.from_numpy(rows.astype(np.float32).T.copy()),
            torch.from_numpy(starts[windows] - low),
            torch.from_numpy(np.flatnonzero(inside)),
            torch.from_numpy(self.mouths[index][first : first + count]),
        )


@dataclass(frozen=True)
class Chunk:
    """Consecutive frames: mel [80, T], first mel row of each embedding, the embedding's place among
    the frames' context rows (all other rows are zeros), and the mouths to predict."""

    mel: Tensor
    starts: Tensor
    places: Tensor
    mouths: Tensor


def predict(
    encoder: AudioEncoder, head: MouthHead, chunks: list[Chunk]
) -> tuple[Tensor, Tensor]:
    """Mouths and gate logits of all frames of the chunks, in order."""
    mels = torch.nn.utils.rnn.pad_sequence([chunk.mel.T for chunk in chunks], batch_first=True)
    shared = encoder.rows(mels.transpose(1, 2)[:, None]).transpose(1, 2)
    row_count = shared.shape[1]
    starts = torch.cat([chunk.starts + i * row_count for i, chunk in enumerate(chunks)])
    wanted = (starts[:, None] + torch.arange(encoder.SHARED_ROWS)).flatten()
    gathered = shared.reshape(-1, shared.shape[2]).index_select(0, wanted)
    gathered = gathered.view(len(starts), encoder.SHARED_ROWS, -1).transpose(1, 2)

    longest = max(len(chunk.mouths) for chunk in chunks)
    context_count = longest + features.CONTEXT_ROWS - 1
    places = torch.cat([chunk.places + i * context_count for i, chunk in enumerate(chunks)])
    blank = gathered.new_zeros(len(chunks) * context_count, features.FEATURE_SIZE)
    contexts = blank.index_copy(0, places, encoder.embed(gathered))
    contexts = contexts.view(len(chunks), context_count, -1).transpose(1, 2)
    frames = head.rows(contexts).unfold(2, head.SHARED_ROWS, 1).transpose(1, 2)
    return head.mouths(
        torch.cat([frame[: len(chunk.mouths)] for frame, chunk in zip(frames, chunks)])
    )


def gate_targets(target: Tensor) -> Tensor:
    """How far each mouth is pressed, lip under teeth, at rest: read off the parameters themselves."""
    at = mouth.PARAMETERS.index
    pressed = (target[:, at("UpperLipBackward")] / 0.3).clamp(0, 1)
    lip_teeth = ((target[:, at("lowerLipBackward")] - 0.25 * pressed) / 0.7).clamp(0, 1)
    rest = (1 - target.abs().sum(1) / 0.15).clamp(0, 1)
    return torch.stack([pressed, lip_teeth, rest], 1)


def loss_of(result: Tensor, logits: Tensor, target: Tensor, scale: Tensor, lengths: list[int]):
    gates = gate_targets(target)
    weight = 1 + gates @ gates.new_tensor([PRESSED_WEIGHT, LIP_TEETH_WEIGHT, REST_WEIGHT])
    error = (result - target) / scale
    shape = ((error.abs() + 0.5 * error.square()).mean(1) * weight).mean()
    gate = (F.binary_cross_entropy_with_logits(logits, gates, reduction="none").sum(1)).mean()
    steps = [(e[1:] - e[:-1]).abs().mean() for e in error.split(lengths)]
    return shape + GATE_LOSS * gate + STEADINESS_LOSS * torch.stack(steps).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-from", type=Path, help="checkpoint of an earlier run")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(args.seed)
    train(Corpus(args.corpus), args.out, args.minutes * 60, args.seed, args.start_from)


def train(
    corpus: Corpus, path: Path, total_seconds: float, seed: int, start_from: Path | None = None
) -> None:
    encoder, head = AudioEncoder(), MouthHead()
    both = torch.nn.ModuleDict({"encoder": encoder, "head": head})
    if start_from and not path.exists():
        both.load_state_dict(started_from(torch.load(start_from, map_location="cpu"), encoder))
    optimiser = torch.optim.AdamW(both.parameters(), PEAK_RATE, weight_decay=2e-3)
    average = checkpoints.Average(both)
    step, elapsed = 0, 0.0
    if state := checkpoints.load(path):
        both.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        average.state = state["average_all"]
        step, elapsed = state["step"], state["elapsed"]
    source = np.random.default_rng(seed + step)
    training = corpus.members("train")
    spread = torch.from_numpy(np.concatenate([corpus.mouths[i] for i in training]).std(0) + 0.03)
    chances = np.array([len(corpus.mouths[i]) for i in training], float)
    chances /= chances.sum()
    started, saved, losses = time.monotonic() - elapsed, time.monotonic(), []
    while elapsed < total_seconds:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, elapsed / total_seconds)
        chunks = [
            random_chunk(corpus, source.choice(training, p=chances), source)
            for _ in range(CHUNKS_PER_STEP)
        ]
        target = torch.cat([chunk.mouths for chunk in chunks])
        result, logits = predict(encoder, head, chunks)
        loss = loss_of(result, logits, target, spread, [len(c.mouths) for c in chunks])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(both.parameters(), 2.0)
        optimiser.step()
        average.update(both, step)
        losses.append(loss.item())
        step += 1
        elapsed = time.monotonic() - started
        finished = elapsed >= total_seconds
        if finished or time.monotonic() - saved > CHECKPOINT_SECONDS:
            saved = time.monotonic()
            save(path, both, optimiser, average, step, elapsed)
            held_out = validation_loss(corpus, average, spread)
            print(
                f"{elapsed:6.0f} s step {step} training {np.mean(losses):.4f} held out {held_out:.4f}",
                flush=True,
            )
            losses.clear()


def random_chunk(corpus: Corpus, index: int, source: np.random.Generator) -> Chunk:
    count = min(CHUNK_FRAMES, len(corpus.mouths[index]))
    first = int(source.integers(0, len(corpus.mouths[index]) - count + 1))
    chunk = corpus.chunk(index, first, count)
    mel = another_room(another_speaker(chunk.mel.numpy(), source), source)
    return replace(chunk, mel=torch.from_numpy(mel))


def another_speaker(mel: np.ndarray, source: np.random.Generator) -> np.ndarray:
    """Shifts formants by stretching the band axis and tilts the spectrum; silence stays silent."""
    bands = np.arange(features.MEL_BANDS)
    positions = bands * source.uniform(0.9, 1.1) + source.uniform(-2.5, 2.5)
    positions = np.clip(positions, 0, features.MEL_BANDS - 1)
    low = np.minimum(positions.astype(int), features.MEL_BANDS - 2)
    share = (positions - low)[:, None].astype(np.float32)
    stretched = mel[low] * (1 - share) + mel[low + 1] * share
    knots = source.normal(0, 0.35, 6)
    tilt = np.interp(bands, np.linspace(0, features.MEL_BANDS - 1, 6), knots)[:, None]
    loud = np.clip((stretched - features.SILENCE_LEVEL) / 1.5, 0, 1)
    return np.clip(stretched + tilt * loud, -4, 4).astype(np.float32)


def another_room(mel: np.ndarray, source: np.random.Generator) -> np.ndarray:
    """Another distance, and often steady noise of some colour, or a stretch of the spectrum missing."""
    louder = mel + source.normal(0, 0.25)
    result = np.where(mel > features.SILENCE_LEVEL + 0.01, louder, features.SILENCE_LEVEL)
    if source.random() < 0.4:
        colour = np.interp(np.arange(len(mel)), np.linspace(0, len(mel) - 1, 5), source.normal(0, 0.4, 5))
        noise = source.uniform(-4.5, -1.0) + colour[:, None] + source.normal(0, 0.3, mel.shape)
        result = np.logaddexp(result * NEPERS_A_STEP, noise * NEPERS_A_STEP) / NEPERS_A_STEP
    if source.random() < 0.25:
        first, width = source.integers(0, len(mel)), source.integers(2, 9)
        result[first : first + width] -= source.uniform(0.5, 3)
    return np.clip(result, -4, 4).astype(np.float32)


def started_from(checkpoint: dict, encoder: AudioEncoder) -> dict[str, Tensor]:
    """The averaged weights of another run, made to fit."""
    averages = checkpoint["average_all"]
    listening = {n.removeprefix("encoder."): v for n, v in averages.items() if n.startswith("encoder.")}
    rest = {name: value for name, value in averages.items() if name.startswith("head.")}
    fitted = narrowed(listening, encoder.widths)
    return rest | {f"encoder.{name}": value for name, value in fitted.items()}


def narrowed(state: dict[str, Tensor], widths: tuple[int, ...]) -> dict[str, Tensor]:
    """An encoder's weights with the channels that matter most, where the new one has fewer."""
    state = dict(state)
    layers = [f"convolutions.{2 * i}" for i in range(4)]
    for layer, following, width in zip(layers, layers[1:], widths):
        weight, next_weight = state[f"{layer}.weight"], state[f"{following}.weight"]
        matter = weight.flatten(1).norm(dim=1) * next_weight.transpose(0, 1).flatten(1).norm(dim=1)
        kept = matter.topk(width).indices.sort().values
        state[f"{layer}.weight"] = weight[kept]
        state[f"{layer}.bias"] = state[f"{layer}.bias"][kept]
        state[f"{following}.weight"] = next_weight[:, kept]
    return state


def learning_rate(step: int, progress: float) -> float:
    warm = min(1.0, (step + 1) / 200)
    return PEAK_RATE * warm * (0.5 * (1 + math.cos(math.pi * min(1.0, progress)))) + 1e-6


def save(path, both, optimiser, average, step, elapsed) -> None:
    parts = {"encoder": {}, "head": {}}
    for name, value in average.state.items():
        part, rest = name.split(".", 1)
        parts[part][rest] = value
    ready = parts["head"]["out.bias"].clone()
    ready[MOUTH_SIZE + MouthHead.PRESSED_GATE] += PRESSED_READINESS
    parts["head"]["out.bias"] = ready
    checkpoints.save(
        path,
        {
            "widths": both["encoder"].widths,
            "network": both.state_dict(),
            "optimiser": optimiser.state_dict(),
            "average": parts,
            "average_all": average.state,
            "step": step,
            "elapsed": elapsed,
        },
    )


@torch.no_grad()
def validation_loss(corpus: Corpus, average: checkpoints.Average, spread: Tensor) -> float:
    encoder, head = AudioEncoder(), MouthHead()
    both = torch.nn.ModuleDict({"encoder": encoder, "head": head})
    both.load_state_dict(average.state)
    losses = []
    for index in corpus.members("held-out sentence"):
        chunk = corpus.chunk(index, 0, len(corpus.mouths[index]))
        result, logits = predict(encoder, head, [chunk])
        losses.append(
            loss_of(result, logits, chunk.mouths, spread, [len(chunk.mouths)]).item()
        )
    return float(np.mean(losses))


if __name__ == "__main__":
    main()
