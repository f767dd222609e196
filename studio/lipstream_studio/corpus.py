"""Makes the speech corpus: synthetic speech with known phoneme times, sounds without speech, augmented.

    python -m lipstream_studio.corpus --out work/corpus --minutes 80

Speech comes from flite's voices (``flite -psdur`` prints exact phoneme ends). Recordings with phoneme
times from elsewhere join it with ``--extra FOLDER:COPIES``: a folder of NAME.wav (16 kHz mono) and NAME.json
({"text": ..., "segments": [[phoneme, end seconds], ...]}).

Out come ``corpus.npz`` (mel rows, one mouth a video frame, offsets) and ``corpus.json`` (what each
utterance is). One voice and a share of the sentences are kept for evaluation.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lipstream_studio import features, mouth, soundscapes
from lipstream_studio.sentences import sentence
from lipstream_studio.soundscapes import coloured_noise

TRAINING_VOICES = ("slt", "rms", "awb")
HELD_OUT_VOICE = "kal16"
RATE = features.SAMPLE_RATE_HZ
CODERS = (
    ("-c:a", "libopus", "-b:a", "12k"),
    ("-c:a", "libopus", "-b:a", "24k"),
    ("-c:a", "libmp3lame", "-b:a", "32k"),
    ("-c:a", "g722"),
    ("-ar", "8000", "-c:a", "g726", "-b:a", "16k"),
)


@dataclass(frozen=True)
class Utterance:
    """Samples with the phonemes in them; ``group`` says what it is used for."""

    samples: np.ndarray
    segments: list[tuple[str, float]]
    voice: str
    text: str
    group: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=80, help="of training speech from flite")
    parser.add_argument(
        "--extra", nargs="*", default=[], metavar="FOLDER:COPIES",
        help="recordings, and how many augmented copies to make of each",
    )
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    write(args.out, list(utterances(args)))


def utterances(args: argparse.Namespace):
    source = random.Random(args.seed)
    noise = np.random.default_rng(args.seed)
    seconds, turn = 0.0, 0
    while seconds < args.minutes * 60:
        voice = TRAINING_VOICES[turn % len(TRAINING_VOICES)]
        turn += 1
        utterance = augmented(speak(sentence(source), voice, source), source, noise)
        seconds += len(utterance.samples) / RATE
        yield utterance
    for extra in args.extra:
        folder, _, copies = extra.rpartition(":")
        for utterance in recordings(Path(folder)):
            if utterance.group == "held-out sentence":
                yield utterance
                continue
            for _ in range(int(copies)):
                yield augmented(utterance, source, noise)
    for index in range(int(args.minutes * 7)):
        yield soundscape(index, source, noise)
    test = random.Random(args.seed + 1000)
    for voice in TRAINING_VOICES * 8:
        yield speak(sentence(test), voice, None, "held-out sentence")
    for _ in range(30):
        yield speak(sentence(test), HELD_OUT_VOICE, None, "held-out voice")


def speak(
    text: str, voice: str, source: random.Random | None, group: str = "train"
) -> Utterance:
    """A sentence by a flite voice; with a random source, at a random rate and pitch."""
    options = []
    if source:
        options = [
            "--setf", f"duration_stretch={source.uniform(0.78, 1.3):.2f}",
            "--setf", f"int_f0_target_mean={source.uniform(85, 240):.0f}",
        ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = ["flite", "-voice", voice, *options, "-psdur", "-t", text, "-o", str(path)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        samples = features.read_wav(path)
    segments = [(name, float(end)) for name, end in re.findall(r"([a-z]+):([\d.]+)", printed)]
    if not segments:
        raise RuntimeError(f"flite printed no phonemes for {text!r}: {printed!r}")
    return Utterance(samples, segments, voice, text, group)


def recordings(folder: Path):
    """Recordings of a folder in order of name; every twelfth is kept for evaluation."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise FileNotFoundError(f"{folder} holds no NAME.json beside NAME.wav")
    for index, path in enumerate(paths):
        described = json.loads(path.read_text())
        group = "held-out sentence" if index % 12 == 0 else "train"
        yield Utterance(
            features.read_wav(path.with_suffix(".wav")),
            [(name, end) for name, end in described["segments"]],
            described.get("voice", folder.name),
            described["text"],
            group,
        )


def augmented(
    utterance: Utterance, source: random.Random, noise: np.random.Generator
) -> Utterance:
    """Another speaker, room, microphone and distance; the phoneme times follow."""
    samples, segments = utterance.samples, utterance.segments
    if source.random() < 0.6:  # resampling moves the formants: another vocal tract
        factor = source.uniform(0.84, 1.2)
        samples = resampled(samples, factor)
        segments = [(name, end / factor) for name, end in segments]
    peak = float(np.abs(samples).max()) or 1.0
    samples, segments = trimmed(samples / peak, segments, source)
    if source.random() < 0.3:
        samples, segments = among_sounds(samples, segments, source, noise)
    if source.random() < 0.35:
        samples = filtered(samples, source)
    if source.random() < 0.3:
        samples = reverberated(samples, source, noise)
    samples = samples * 10 ** (source.uniform(-26, -0.5) / 20)
    if source.random() > 0.25:
        level = 10 ** (source.uniform(-85, -36) / 20)
        samples = samples + coloured_noise(len(samples), source.choice((0, 1, 2)), noise) * level
    if source.random() < 0.12:
        samples = coded(samples, source)
    return Utterance(
        np.clip(samples, -1, 1).astype(np.float32),
        segments,
        utterance.voice,
        utterance.text,
        utterance.group,
    )


def among_sounds(samples, segments, source, noise):
    """Other sounds before and after the speech, or softly behind all of it."""
    kinds = list(soundscapes.KINDS)
    if source.random() < 0.3:
        behind = soundscapes.make(source.choice(kinds), len(samples), noise)
        return samples + behind * 10 ** (source.uniform(-36, -16) / 20), segments
    before, after = (
        soundscapes.make(source.choice(kinds), int(source.uniform(0.3, 1.5) * RATE), noise)
        * 10 ** (source.uniform(-40, -3) / 20)
        for _ in range(2)
    )
    shift = len(before) / RATE
    segments = [("pau", shift)] + [(name, end + shift) for name, end in segments]
    samples = np.concatenate([before, samples, after])
    return samples, segments + [("pau", len(samples) / RATE)]


def resampled(samples: np.ndarray, factor: float) -> np.ndarray:
    positions = np.arange(int(len(samples) / factor)) * factor
    return np.interp(positions, np.arange(len(samples)), samples)


def trimmed(samples, segments, source):
    """Random silence before and after: none at all, digital, or what the voice left."""
    lead = next((end for name, end in segments if name == "pau"), 0.0)
    if segments[0][0] == "pau" and source.random() < 0.4:
        cut = int(lead * source.uniform(0.5, 1.0) * RATE)
        samples = samples[cut:]
        segments = [(name, max(0.0, end - cut / RATE)) for name, end in segments]
    before = source.choice((0, 0, source.uniform(0.1, 1.2)))
    after = source.choice((0, 0, source.uniform(0.1, 1.5)))
    samples = np.pad(samples, (int(before * RATE), int(after * RATE)))
    segments = [("pau", before)] + [(name, end + before) for name, end in segments]
    return samples, segments + [("pau", len(samples) / RATE)]


def filtered(samples: np.ndarray, source: random.Random) -> np.ndarray:
    """Telephone, cheap microphone or a tilt of the spectrum."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    gain = np.ones(len(hertz))
    if source.random() < 0.5:
        low, high = source.uniform(30, 350), source.uniform(3200, 7500)
        gain /= np.sqrt(1 + (low / np.maximum(hertz, 1)) ** 6)
        gain /= np.sqrt(1 + (hertz / high) ** 10)
    tilt = source.uniform(-4, 4) / 20
    gain *= (np.maximum(hertz, 60) / 1000) ** (tilt * np.log2(10) / 3.0)
    return np.fft.irfft(spectrum * gain, len(samples))


def reverberated(samples, source, noise):
    length = int(source.uniform(0.08, 0.35) * RATE)
    tail = noise.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail *= source.uniform(0.1, 0.45) / np.sqrt((tail**2).sum())
    tail[0] += 1
    size = len(samples) + length
    return np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)[: len(samples)]


def coded(samples: np.ndarray, source: random.Random) -> np.ndarray:
    """As a telephone line or a coder leaves it."""
    if source.random() < 0.3:
        step = source.choice((255, 127))
        pressed = np.sign(samples) * np.log1p(255 * np.abs(samples)) / np.log(256)
        return np.sign(pressed) * (256 ** np.abs(np.round(pressed * step) / step) - 1) / 255
    coder = source.choice(CODERS)
    raw = np.clip(samples * 32767, -32768, 32767).astype("<i2").tobytes()
    mono = ["-ac", "1", "-ar", str(RATE)]
    with tempfile.NamedTemporaryFile(suffix=".mka") as file:
        base = ["ffmpeg", "-loglevel", "error", "-y"]
        encode = [*base, "-f", "s16le", *mono, "-i", "-", *coder, "-f", "matroska", file.name]
        subprocess.run(encode, input=raw, check=True)
        decode = [*base, "-i", file.name, *mono, "-f", "s16le", "-"]
        decoded = subprocess.run(decode, capture_output=True, check=True).stdout
    result = np.frombuffer(decoded, "<i2") / 32768
    return np.pad(result, (0, max(0, len(samples) - len(result))))[: len(samples)]


def soundscape(index: int, source: random.Random, noise: np.random.Generator) -> Utterance:
    """Four seconds of something that is not speech: the mouth stays at rest."""
    count = 4 * RATE
    kind = tuple(soundscapes.KINDS)[index % len(soundscapes.KINDS)]
    samples = soundscapes.make(kind, count, noise, 10 ** (source.uniform(-50, -0.5) / 20))
    if source.random() < 0.3:
        samples = filtered(samples, source)
    if source.random() < 0.3:
        samples = reverberated(samples, source, noise)
    if source.random() < 0.5:
        floor = coloured_noise(count, source.choice((0, 1, 2)), noise)
        samples = samples + floor * 10 ** (source.uniform(-85, -45) / 20)
    segments = [("pau", count / RATE)]
    return Utterance(np.clip(samples, -1, 1).astype(np.float32), segments, kind, "", "train")


def frame_mouths(utterance: Utterance, frame_count: int) -> np.ndarray:
    """One mouth a drawn frame; past the end the mouth rests."""
    duration = frame_count / mouth.FRAMES_PER_SECOND
    length = len(utterance.samples) / RATE
    ended = [s for s in utterance.segments if s[1] < length] + [("pau", length), ("pau", duration)]
    last = next((s[0] for s in utterance.segments if s[1] >= length), "pau")
    ended[-2] = (last, length)
    return mouth.frames(ended, duration + 0.02)[:frame_count]


def write(folder: Path, made: list[Utterance]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mels, mouths, index = [], [], []
    for utterance, rows in zip(made, features.mels([u.samples for u in made])):
        mels.append(rows.astype(np.float16))
        mouths.append(frame_mouths(utterance, features.frame_count(len(rows))))
        index.append(
            {
                "voice": utterance.voice,
                "group": utterance.group,
                "text": utterance.text,
                "segments": [[name, round(end, 4)] for name, end in utterance.segments],
            }
        )
    np.savez(
        folder / "corpus.npz",
        mel=np.concatenate(mels),
        mel_rows=[len(m) for m in mels],
        mouth=np.concatenate(mouths),
        mouth_frames=[len(m) for m in mouths],
    )
    (folder / "corpus.json").write_text(json.dumps(index))
    evaluation = folder / "evaluation"
    evaluation.mkdir(exist_ok=True)
    for number, utterance in enumerate(made):
        if utterance.group != "train":
            features.write_wav(evaluation / f"{number:05d}.wav", utterance.samples)
    minutes = sum(len(u.samples) for u in made) / RATE / 60
    print(f"{folder}: {len(made)} utterances, {minutes:.1f} minutes, {sum(map(len, mouths))} frames")


if __name__ == "__main__":
    main()
