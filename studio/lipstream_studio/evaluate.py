"""Measures the exported networks and draws sheets to look at.

    python -m lipstream_studio.evaluate --corpus work/corpus --models export --audio work/audio.pt \\
        --renders work/renders --painter work/painter.pt --out work/evaluation
    LIPSTREAM=./lipstream python -m lipstream_studio.evaluate --corpus work/corpus --check-features

Writes ``report.json``, ``report.md`` and, with renders, one phoneme-labelled sheet a sentence. Sentences
and the voice measured here were not trained on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from pathlib import Path

import cv2
import numpy as np
import torch

from lipstream_studio import corpus, features, mouth
from lipstream_studio.crops import Crops, over, plain
from lipstream_studio.export import (
    ENCODER_FILE,
    GENERATOR_FILE,
    load_audio,
    load_painter,
    one_core_session,
)
from lipstream_studio.networks import MouthHead
from lipstream_studio.train_generator import held_out_decibels

CLOSED_GAP = 0.08
OPEN_GAP = 0.25
SHEET_SENTENCES = (
    "Hello and welcome, my name is Ada. How may I help you with your booking today?",
    "Mama, Bob and Pam put a big lamp up. Fifty five very fine farms.",
    "Oh, you! She saw the father's car park. We need three thick books.",
)
TILE = 160
MASKED = slice(5, 310), slice(5, 315)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--models", type=Path, help="folder of the ONNX files")
    parser.add_argument("--audio", type=Path, help="checkpoint of train_audio")
    parser.add_argument("--renders", type=Path)
    parser.add_argument("--painter", type=Path, help="checkpoint of train_generator")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--check-features", action="store_true")
    args = parser.parse_args()
    if args.check_features:
        check_features(args.corpus)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    encoder = one_core_session(args.models / ENCODER_FILE)
    head = load_audio(args.audio)[1]
    report = {"speech": speech_report(args.corpus, encoder, head), "quiet": quiet(encoder, head)}
    if args.renders:
        report["pictures"] = picture_report(args.renders, args.painter)
        generator = one_core_session(args.models / GENERATOR_FILE)
        for number, text in enumerate(SHEET_SENTENCES):
            sheet = phoneme_sheet(text, encoder, generator, Crops(args.renders))
            cv2.imwrite(str(args.out / f"sheet{number}.png"), sheet)
    (args.out / "report.json").write_text(json.dumps(report, indent=1))
    (args.out / "report.md").write_text(markdown(report))
    print(markdown(report))


def predicted(samples: np.ndarray, encoder, head: MouthHead) -> np.ndarray:
    """The mouth of every drawn frame, by the exported encoder and the window that serving makes."""
    with torch.no_grad():
        return head(torch.from_numpy(features.context(embeddings(samples, encoder)))).numpy()


def embeddings(samples: np.ndarray, encoder) -> np.ndarray:
    windows = features.encoder_windows(features.mel(samples))
    return encoder.run(None, {encoder.get_inputs()[0].name: windows})[0]


def gap(mouths: np.ndarray) -> np.ndarray:
    """How far the lips are apart, about: 0 closed, 0.6 a wide "ah"."""
    at = {name: mouths[..., i] for i, name in enumerate(mouth.PARAMETERS)}
    apart = at["JawDrop"] + 0.5 * (at["UpperLipUp"] + at["lowerLipDown"])
    return apart - 0.5 * (at["lowerLipUp"] + at["UpperLipBackward"])


def speech_report(folder: Path, encoder, head: MouthHead) -> dict:
    described = json.loads((folder / "corpus.json").read_text())
    kinds: dict[str, list[tuple[np.ndarray, np.ndarray, list]]] = {}
    for path in sorted((folder / "evaluation").glob("*.wav")):
        about = described[int(path.stem)]
        samples = features.read_wav(path)
        result = predicted(samples, encoder, head)
        truth = corpus.frame_mouths(
            corpus.Utterance(samples, [tuple(s) for s in about["segments"]], "", "", ""),
            len(result),
        )
        kind = f"{about['group']}, {about['voice']}"
        kinds.setdefault(kind, []).append((result, truth, about["segments"]))
    return {kind: measured(items) for kind, items in kinds.items()}


def measured(items: list[tuple[np.ndarray, np.ndarray, list]]) -> dict:
    result = np.concatenate([r for r, _, _ in items])
    truth = np.concatenate([t for _, t, _ in items])
    correlation = {
        name: round(float(np.corrcoef(result[:, i], truth[:, i])[0, 1]), 3)
        for i, name in enumerate(mouth.PARAMETERS)
    }
    least, most, pauses = [], [], []
    for frames, _, segments in items:
        gaps, start = gap(frames), 0.0
        for phoneme, end in segments:
            inside = gaps[frames_between(start - 0.03, end + 0.01, len(gaps))]
            if phoneme in mouth.PRESSED_PHONEMES and len(inside):
                least.append(float(inside.min()))
            if phoneme in ("aa", "ay", "ae") and len(inside) and end - start > 0.08:
                most.append(float(inside.max()))
            if phoneme == "pau" and end - start > 0.15:
                pauses += list(gaps[frames_between(start + 0.06, end - 0.06, len(gaps))])
            start = end
    return {
        "frames": len(result),
        "correlation": correlation,
        "contacts": len(least),
        "closed on p b m": share(np.array(least) < CLOSED_GAP),
        "open on aa ae ay": share(np.array(most) > OPEN_GAP),
        "closed in pauses": share(np.array(pauses) < CLOSED_GAP),
    }


def frames_between(start: float, end: float, count: int) -> np.ndarray:
    middles = (np.arange(count) + 0.5) / mouth.FRAMES_PER_SECOND
    return np.flatnonzero((middles >= start) & (middles <= end))


def share(hits: np.ndarray) -> float:
    return round(float(hits.mean()), 3) if len(hits) else float("nan")


def quiet(encoder, head: MouthHead) -> dict:
    """Widest gap while nobody speaks."""
    noise = np.random.default_rng(7)
    count = 5 * features.SAMPLE_RATE_HZ
    sounds = {"digital silence": np.zeros(count)}
    for slope, name in ((0, "white"), (1, "pink"), (2, "brown")):
        for level in (-70, -50, -35):
            sounds[f"{name} noise {level} dB"] = corpus.coloured_noise(count, slope, noise) * 10 ** (
                level / 20
            )
    source = random.Random(7)
    for index, name in ((3, "hum"), (2, "music"), (5, "breath"), (7, "clicks")):
        sounds[name] = corpus.soundscape(index, source, noise).samples
    return {
        name: round(float(gap(predicted(samples, encoder, head)).max()), 3)
        for name, samples in sounds.items()
    }


def picture_report(folder: Path, painter_path: Path) -> dict:
    painter = load_painter(painter_path)
    crops = Crops(folder)
    decibels = held_out_decibels(painter.state_dict(), painter, crops, crops.split()[1])
    return {"crops": len(crops.crops), "held out PSNR in the painted rectangle": round(decibels, 2)}


def phoneme_sheet(text: str, encoder, generator, crops: Crops) -> np.ndarray:
    """The exported networks on a sentence: the frame in the middle of each phoneme."""
    utterance = corpus.speak(text, "slt", None)
    contexts = features.context(embeddings(utterance.samples, encoder)).astype(np.float32)
    references = sorted(crops.references)
    tiles, start = [], 0.0
    for phoneme, end in utterance.segments:
        frame = min(int((start + end) / 2 * mouth.FRAMES_PER_SECOND), len(contexts) - 1)
        idle = references[frame // 2 % len(references)]
        reference = over([crops.references[idle]], plain(1))[0].numpy()
        picture = paint(generator, reference, contexts[frame])
        tile = cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)
        cv2.putText(tile, phoneme, (4, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 2)
        tiles.append(tile)
        start = end
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 8)
    return np.vstack([np.hstack(tiles[i : i + 8]) for i in range(0, len(tiles), 8)])


def paint(generator, reference: np.ndarray, context: np.ndarray) -> np.ndarray:
    """One frame by the exported generator: B,G,R bytes [320, 320, 3]."""
    masked = reference.copy()
    masked[:, MASKED[0], MASKED[1]] = 0
    names = {len(i.shape) and i.shape[1]: i.name for i in generator.get_inputs()}
    feed = {names[6]: np.concatenate([reference, masked])[None], names[32]: context[None]}
    return (generator.run(None, feed)[0][0].transpose(1, 2, 0) * 255).astype(np.uint8)


def check_features(folder: Path) -> None:
    launcher = os.environ.get("LIPSTREAM")
    if not launcher:
        raise SystemExit("set LIPSTREAM to the launcher whose features are to be compared")
    paths = sorted((folder / "evaluation").glob("*.wav"))[::20]
    worst = 0.0
    for path in paths:
        signal = features.read_wav(path)
        served = features.mels_by_launcher(launcher, [signal])[0]
        worst = max(worst, float(np.abs(served - features.mel(signal)).max()))
    print(f"{len(paths)} files, largest difference of mel rows: {worst:.2e}")
    if worst > 1e-4:
        raise SystemExit("the launcher's features differ from the formula by more than 1e-4")


def markdown(report: dict) -> str:
    lines = ["| speech | " + " | ".join(mouth.PARAMETERS) + " | closed on p b m | open on ah | closed in pauses |"]
    lines.append("|---" * (len(mouth.PARAMETERS) + 4) + "|")
    for kind, values in report["speech"].items():
        cells = [f"{values['correlation'][name]:.2f}" for name in mouth.PARAMETERS]
        shares = ("closed on p b m", "open on aa ae ay", "closed in pauses")
        cells += [f"{100 * values[name]:.0f} %" for name in shares]
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    lines += ["", "| no speech | widest gap (closed is below 0.08, a wide ah 0.6) |", "|---|---|"]
    lines += [f"| {name} | {value:.2f} |" for name, value in report["quiet"].items()]
    for name, value in report.get("pictures", {}).items():
        lines += ["", f"{name}: {value}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
