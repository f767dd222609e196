"""Trains the painter on crops: reference crop + true mouth parameters -> crop with that mouth.

    python -m lipstream_studio.train_generator --renders work/renders --out work/painter.pt --minutes 60

Crops that appear while training runs are picked up. Runs for the given minutes in all, over any number of
restarts, with a checkpoint every two minutes. With --start, what another character's painter knows of mouths is the
beginning; only the draft is solved anew.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lipstream_studio import checkpoints
from lipstream_studio.crops import Crops, gradients, plain
from lipstream_studio.networks import Painter, quadratic

BATCH = 4
PEAK_RATE = 1.2e-3
CHECKPOINT_SECONDS = 120
REST_EVERY = 12
MOUTH_NOISE = 0.006
GRADIENT_LOSS = 1.0
COARSE_LOSS = 0.5
# Absolute errors alone prefer a blur where the edge of a tooth is uncertain.
SHARPNESS_LOSS, SHARPNESS_POOL = 1.0, 8
DRAFT_RIDGE = 0.01
DRAFT_REFIT_GROWTH = 1.25
# Extra loss weight where mouths change the picture most.
CHANGE_WEIGHT = 4.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--renders", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="another character's checkpoint to begin with instead of chance")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(args.seed)
    train(Crops(args.renders), args.out, args.minutes * 60, args.seed, args.start)


def train(crops: Crops, path: Path, total_seconds: float, seed: int, start: Path | None = None) -> None:
    painter = Painter()
    if start:
        own, known = painter.state_dict(), torch.load(start, map_location="cpu")["average"]
        fitting = {name: value for name, value in known.items() if name in own and value.shape == own[name].shape}
        painter.load_state_dict(own | fitting)
    optimiser = torch.optim.AdamW(painter.parameters(), PEAK_RATE, weight_decay=1e-4)
    average = checkpoints.Average(painter, 0.998)
    step, elapsed = 0, 0.0
    if state := checkpoints.load(path):
        painter = Painter(**state["shape"])
        painter.load_state_dict(state["network"])
        optimiser = torch.optim.AdamW(painter.parameters(), PEAK_RATE, weight_decay=1e-4)
        optimiser.load_state_dict(state["optimiser"])
        average.state = state["average"]
        step, elapsed = state["step"], state["elapsed"]
    painter = painter.to(memory_format=torch.channels_last)  # a fifth faster on CPUs
    source = np.random.default_rng(seed + step)
    weight = change_weight(crops, painter)
    fitted = fit_draft(crops, painter, average) if step == 0 else len(crops.crops)
    started, saved, losses = time.monotonic() - elapsed, time.monotonic(), []
    while elapsed < total_seconds:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, elapsed / total_seconds)
        training, held_out = crops.split()
        chosen = list(source.choice(training, BATCH))
        references, targets, mouths = crops.batch(chosen, gradients(BATCH, source))
        mouths = mouths + torch.randn_like(mouths) * MOUTH_NOISE
        if step % REST_EVERY == 0:  # at rest nothing may change
            targets[0], mouths[0] = references[0], 0
        patch, wanted = painter.patch(references), painter.patch(targets)
        loss = loss_of(patch + painter.change(patch, mouths), wanted, weight)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(painter.parameters(), 1.0)
        optimiser.step()
        average.update(painter, step)
        losses.append(loss.item())
        step += 1
        elapsed = time.monotonic() - started
        if elapsed >= total_seconds or time.monotonic() - saved > CHECKPOINT_SECONDS:
            saved = time.monotonic()
            save(path, painter, optimiser, average, step, elapsed)
            quality = held_out_decibels(average.state, painter, crops, held_out)
            print(
                f"{elapsed:6.0f} s step {step} crops {len(crops.crops)} "
                f"loss {np.mean(losses):.4f} held out {quality:.2f} dB",
                flush=True,
            )
            losses.clear()
            crops.refresh()
            weight = change_weight(crops, painter)
            if len(crops.crops) > fitted * DRAFT_REFIT_GROWTH:
                fitted = fit_draft(crops, painter, average)


def learning_rate(step: int, progress: float) -> float:
    warm = min(1.0, (step + 1) / 100)
    return PEAK_RATE * warm * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))) + 2e-6


@torch.no_grad()
def fit_draft(crops: Crops, painter: Painter, average: checkpoints.Average) -> int:
    """Solves for the painter's draft: half-size change of the picture as a quadratic in the mouth."""
    numbers = crops.split()[0]
    terms, changes = [], []
    for start in range(0, len(numbers), 32):
        part = numbers[start : start + 32]
        references, targets, mouths = crops.batch(part, plain(len(part)))
        terms.append(quadratic(mouths))
        changes.append(F.avg_pool2d(painter.patch(targets - references), 2).flatten(1))
    x, y = torch.cat(terms).double(), torch.cat(changes).double()
    solved = torch.linalg.solve(x.T @ x + DRAFT_RIDGE * torch.eye(x.shape[1]).double(), x.T @ y)
    mixing, strengths, patterns = torch.linalg.svd(solved, full_matrices=False)
    rank = painter.DRAFT_RANK
    fitted = {
        "draft_mixing": (mixing[:, :rank] * strengths[:rank]).float(),
        "draft_changes": patterns[:rank].float(),
    }
    for name, value in fitted.items():
        getattr(painter, name).copy_(value)
        average.state[name].copy_(value)
    return len(crops.crops)


def change_weight(crops: Crops, painter: Painter) -> Tensor:
    """Per-pixel loss weight: high where mouths differ most from their references."""
    source = np.random.default_rng(0)
    numbers = source.choice(list(crops.crops), min(128, len(crops.crops)), replace=False)
    references, targets, _ = crops.batch(list(numbers), plain(len(numbers)))
    change = painter.patch((targets - references).abs()).mean((0, 1), keepdim=True)
    change = F.avg_pool2d(change, 9, 1, 4)
    weight = 0.3 + CHANGE_WEIGHT * change / change.max()
    return weight / weight.mean()


def loss_of(painted: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Weighted absolute error of colour, of gradients, of their strength nearby and of the half-size picture."""
    colour = ((painted - wanted).abs() * weight).mean()
    across = (painted - wanted).diff(dim=3).abs() * weight[..., 1:]
    down = (painted - wanted).diff(dim=2).abs() * weight[..., 1:, :]
    coarse = F.avg_pool2d(painted - wanted, 4).abs() * F.avg_pool2d(weight, 4)
    missing = (strength(painted) - strength(wanted)).abs() * F.avg_pool2d(weight, SHARPNESS_POOL)
    return (
        colour
        + GRADIENT_LOSS * (across.mean() + down.mean())
        + COARSE_LOSS * coarse.mean()
        + SHARPNESS_LOSS * missing.mean()
    )


def strength(picture: Tensor) -> Tensor:
    """How strong gradients are, on the mean over small squares."""
    across, down = picture.diff(dim=3)[..., :-1, :], picture.diff(dim=2)[..., :-1]
    length = (across.square() + down.square() + 1e-6).sqrt()
    return F.avg_pool2d(F.pad(length, (0, 1, 0, 1)), SHARPNESS_POOL)


def save(path: Path, painter: Painter, optimiser, average, step: int, elapsed: float) -> None:
    checkpoints.save(
        path,
        {
            "shape": painter.shape,
            "network": painter.state_dict(),
            "optimiser": optimiser.state_dict(),
            "average": average.state,
            "step": step,
            "elapsed": elapsed,
        },
    )


@torch.no_grad()
def held_out_decibels(
    weights: dict[str, Tensor], painter: Painter, crops: Crops, indices: list[int]
) -> float:
    """Peak signal to noise ratio inside the painted rectangle."""
    if not indices:
        return float("nan")
    judged = Painter(**painter.shape).eval()
    judged.load_state_dict(weights)
    errors = []
    for index in indices[:48]:
        references, targets, mouths = crops.batch([index], plain(1))
        errors.append(judged.patch(judged(references, mouths) - targets).square().mean())
    return float(-10 * torch.log10(torch.stack(errors).mean()))


if __name__ == "__main__":
    main()
