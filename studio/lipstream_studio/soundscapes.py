"""Sounds that are not speech, during which a mouth stays shut: breath, keys, knocks, music, noise.

    python -m lipstream_studio.soundscapes --out work/soundscapes --seed 99

writes one of each kind to listen to or to measure with.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from lipstream_studio import features

RATE = features.SAMPLE_RATE_HZ
Random = np.random.Generator


def coloured_noise(count: int, slope: float, random: Random) -> np.ndarray:
    """Unit-level noise: white (0), pink (1), brown (2)."""
    spectrum = np.fft.rfft(random.standard_normal(count))
    spectrum /= np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20) ** (slope / 2)
    result = np.fft.irfft(spectrum, count)
    return result / (result.std() + 1e-9)


def band(samples: np.ndarray, low: float, high: float) -> np.ndarray:
    """Keeps a band of frequencies, with soft edges."""
    hertz = np.maximum(np.fft.rfftfreq(len(samples), 1 / RATE), 1)
    gain = 1 / np.sqrt((1 + (low / hertz) ** 4) * (1 + (hertz / high) ** 4))
    return np.fft.irfft(np.fft.rfft(samples) * gain, len(samples))


def silence(count: int, random: Random) -> np.ndarray:
    return np.zeros(count)


def noise(count: int, random: Random) -> np.ndarray:
    """A steady colour, or one that swells as wind and rustling clothes do."""
    result = coloured_noise(count, random.choice((0, 1, 2, 2)), random)
    if random.random() < 0.5:
        knots = 10 ** random.uniform(-1.3, 0, 2 + int(count / RATE * random.choice((1.5, 6))))
        result *= np.interp(np.arange(count), np.linspace(0, count, len(knots)), knots)
    return result


def hum(count: int, random: Random) -> np.ndarray:
    """Mains, fans and machines."""
    time = np.arange(count) / RATE
    base = random.choice((50, 60, 100, 120, random.uniform(40, 400)))
    tones = sum(
        np.sin(2 * np.pi * base * k * time + random.uniform(0, 6)) * random.uniform(0.2, 1) / k
        for k in range(1, random.integers(2, 12))
    )
    return tones / np.abs(tones).max() + coloured_noise(count, 1, random) * random.uniform(0, 0.1)


def breath(count: int, random: Random) -> np.ndarray:
    """Breaths through nose or half-open lips: noise in one or two broad bands that swells and fades."""
    result = np.zeros(count)
    start = int(random.uniform(0, 0.6) * RATE)
    while start < count:
        length = int(random.uniform(0.2, 1.3) * RATE)
        swell = np.sin(np.pi * np.linspace(0, 1, length) ** random.uniform(0.6, 1.6)) ** 2
        air = coloured_noise(length, random.choice((0, 1)), random)
        middle = random.uniform(400, 3000)
        sound = band(air, middle / 2, middle * 2)
        sound += random.uniform(0, 1) * band(air, 2 * middle, 4 * middle)
        part = (sound * swell)[: count - start]
        result[start : start + len(part)] += part * random.uniform(0.4, 1)
        start += length + int(random.uniform(0.1, 1.5) * RATE)
    return result


def keyboard(count: int, random: Random) -> np.ndarray:
    """Keys of one keyboard going down and up: a click with a resonance, then a softer one."""
    result = np.zeros(count)
    resonance, body = random.uniform(1200, 5500), random.uniform(150, 600)
    softness = random.uniform(0.001, 0.006)
    at = random.uniform(0, 0.3)
    while at * RATE < count:
        for delay, strength in ((0, 1), (random.uniform(0.05, 0.12), random.uniform(0.2, 0.7))):
            key = _struck(resonance * random.uniform(0.85, 1.15), softness, random)
            key[: RATE // 20] += random.uniform(0.1, 0.8) * _struck(body, 0.008, random)[: RATE // 20]
            _add(result, int((at + delay) * RATE), key * strength * random.uniform(0.4, 1))
        at += random.exponential(0.16) + 0.05
    return result


def knocks(count: int, random: Random) -> np.ndarray:
    """Doors, tables, steps: low dull blows, single or in threes."""
    result, at = np.zeros(count), random.uniform(0, 0.5)
    while at * RATE < count:
        tone, softness = random.uniform(70, 420), random.uniform(0.008, 0.05)
        for number in range(random.choice((1, 1, 2, 3, 4))):
            blow = _struck(tone, softness, random) + 0.3 * _struck(tone * 2.7, softness / 2, random)
            _add(result, int((at + number * random.uniform(0.14, 0.3)) * RATE), blow)
        at += random.uniform(0.3, 1.6)
    return result


def clicks(count: int, random: Random) -> np.ndarray:
    """A mouse, a pen, crackle on the line."""
    result = np.zeros(count)
    for start in random.integers(0, count, random.integers(3, 40)):
        length = int(random.choice((4, 30, 200, 500)))
        burst = random.standard_normal(4 * length) * np.exp(-np.arange(4 * length) / length)
        _add(result, int(start), burst * random.uniform(0.2, 1))
    return result


def tones(count: int, random: Random) -> np.ndarray:
    """Telephone keys, ringing, beeps and sweeps."""
    time = np.arange(count) / RATE
    result, at = np.zeros(count), 0.0
    while at < count / RATE:
        length = random.uniform(0.06, 0.8)
        local = (time >= at) & (time < at + length)
        for _ in range(random.integers(1, 3)):
            start, end = random.uniform(250, 2500, 2)
            end = start if random.random() < 0.7 else end
            hertz = start + (end - start) * (time - at) / length
            result += local * np.sin(2 * np.pi * np.cumsum(np.where(local, hertz, 0)) / RATE)
        at += length + random.choice((0.05, random.uniform(0.05, 1)))
    return result


def plucked_music(count: int, random: Random) -> np.ndarray:
    """Notes and chords of a piano or guitar kind."""
    result, beat = np.zeros(count), random.uniform(0.15, 0.6)
    partials, fall = random.integers(2, 12), random.uniform(0.8, 2)
    for start in np.arange(0, count / RATE, beat):
        for _ in range(random.integers(1, 4)):
            length = int(random.uniform(0.3, 1.5) * RATE)
            time = np.arange(length) / RATE
            hertz = _note(random, 36)
            tone = sum(np.sin(2 * np.pi * hertz * k * time) / k**fall for k in range(1, partials))
            decay = np.exp(-time * random.uniform(2, 9)) * np.minimum(1, time / 0.004)
            _add(result, int(start * RATE), tone * decay)
    return result


def sustained_music(count: int, random: Random) -> np.ndarray:
    """Strings, organ, flute: held chords, with vibrato or beats between detuned voices."""
    time, result = np.arange(count) / RATE, np.zeros(count)
    at, partials = 0.0, random.integers(2, 16)
    fall, attack = random.uniform(0.7, 2.2), random.uniform(0.02, 0.4)
    while at < count / RATE:
        length = random.uniform(0.3, 2.5)
        shape = np.clip((time - at) / attack, 0, 1) * np.clip((at + length - time) / 0.1, 0, 1)
        inside = shape > 0
        for _ in range(random.integers(1, 5)):
            depth, speed = random.uniform(0, 0.012), random.uniform(4, 7)
            hertz = _note(random, 36) * random.uniform(0.995, 1.005)
            phase = 2 * np.pi * hertz * (time - depth / speed * np.cos(2 * np.pi * speed * time))
            local = phase[inside]
            result[inside] += shape[inside] * sum(
                np.sin(k * local) / k**fall for k in range(1, partials) if k * hertz < RATE / 2
            )
        at += length * random.uniform(0.6, 1.1)
    return result


def drums(count: int, random: Random) -> np.ndarray:
    """Kick, snare, hi-hat, and a bass line."""
    result, beat = np.zeros(count), random.uniform(0.12, 0.3)
    for number in range(int(count / RATE / beat)):
        at, length = int(number * beat * RATE), RATE // 3
        time = np.arange(length) / RATE
        if number % 4 == 0:
            kick = np.sin(2 * np.pi * (50 * time + 12 * (1 - np.exp(-time * 30))))
            _add(result, at, kick * np.exp(-time * 14) * 1.5)
            bass = _note(random, 12) / 2
            _add(result, at, 0.5 * np.sin(2 * np.pi * bass * time) * np.exp(-time * 5))
        if number % 4 == 2:
            snare = random.standard_normal(length) + 0.6 * np.sin(2 * np.pi * 190 * time)
            _add(result, at, snare * np.exp(-time * 22) * 0.6)
        hat = band(random.standard_normal(length), 5000, 7900)
        _add(result, at, hat * np.exp(-time * random.uniform(30, 90)) * random.uniform(0.1, 0.5))
    return result


def band_music(count: int, random: Random) -> np.ndarray:
    """Everything at once."""
    parts = (plucked_music, sustained_music, drums)
    return sum(_level(part(count, random)) * random.uniform(0.2, 1) for part in parts)


KINDS = {
    "silence": silence,
    "noise": noise,
    "hum": hum,
    "breath": breath,
    "keyboard": keyboard,
    "knocks": knocks,
    "clicks": clicks,
    "tones": tones,
    "plucked music": plucked_music,
    "sustained music": sustained_music,
    "drums": drums,
    "band music": band_music,
}


def make(kind: str, count: int, random: Random, peak: float = 1.0) -> np.ndarray:
    """A sound of a kind with its loudest sample at ``peak``."""
    return _level(KINDS[kind](count, random)) * peak


def _level(samples: np.ndarray) -> np.ndarray:
    return samples / max(float(np.abs(samples).max()), 1e-9)


def _note(random: Random, range_semitones: int) -> float:
    return 110 * 2 ** (random.integers(0, range_semitones) / 12)


def _struck(hertz: float, decay_seconds: float, random: Random) -> np.ndarray:
    """Something hit: noise and a tone dying away."""
    time = np.arange(RATE // 5) / RATE
    rough = random.standard_normal(len(time)) * np.exp(-time / (decay_seconds / 2))
    return rough * 0.7 + np.sin(2 * np.pi * hertz * time) * np.exp(-time / decay_seconds)


def _add(result: np.ndarray, start: int, sound: np.ndarray) -> None:
    part = sound[: max(len(result) - start, 0)]
    result[start : start + len(part)] += part


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--seed", type=int, default=99)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(args.seed)
    for kind in KINDS:
        sound = make(kind, int(args.seconds * RATE), random, 0.3)
        features.write_wav(args.out / f"{kind.replace(' ', '-')}.wav", sound)


if __name__ == "__main__":
    main()
