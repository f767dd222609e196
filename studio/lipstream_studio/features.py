"""Audio features: log-mel rows, the windows that the encoder reads, the window the generator reads.

Serving computes these in Java. Where the environment variable ``LIPSTREAM`` names the launcher, the
mel of a file comes from ``lipstream features``, so that training and serving cannot differ; else it
comes from the numpy code below, which the tests compare with golden data.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

SAMPLE_RATE_HZ = 16_000
FFT_SIZE = 800
HOP_SAMPLES = 200
MEL_BANDS = 80
MEL_LOW_HZ, MEL_HIGH_HZ = 55.0, 7600.0
MEL_ROWS_PER_SECOND = SAMPLE_RATE_HZ // HOP_SAMPLES
SILENCE_LEVEL = -4.0
MIN_SAMPLES = 15 * HOP_SAMPLES

WINDOW_ROWS = 16
FRAMES_PER_SECOND = 25
FEATURE_SIZE = 512
CONTEXT_ROWS = 16
CONTEXT_BEFORE = 8


def read_wav(path: Path) -> np.ndarray:
    """Mono float32 samples of a 16-bit 16 kHz file."""
    with wave.open(str(path)) as file:
        if file.getframerate() != SAMPLE_RATE_HZ or file.getsampwidth() != 2:
            raise ValueError(
                f"{path}: {file.getframerate()} Hz, {8 * file.getsampwidth()} bit; "
                f"convert it to 16-bit {SAMPLE_RATE_HZ} Hz first"
            )
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return (samples.reshape(-1, file.getnchannels()).mean(1) / 32768).astype(np.float32)


def write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2").tobytes())


def mels(signals: list[np.ndarray]) -> list[np.ndarray]:
    """Mel rows of each signal, by the launcher where there is one."""
    launcher = os.environ.get("LIPSTREAM")
    return mels_by_launcher(launcher, signals) if launcher else [mel(s) for s in signals]


def mels_by_launcher(launcher: str, signals: list[np.ndarray]) -> list[np.ndarray]:
    """Mel rows by the server's own code, all signals in one call.

    The signals are written behind each other, each from a whole hop and with silence in between, so
    that their rows are those of a file of its own; only the two last rows of a signal that breaks off
    loudly see one more sample of pre-emphasis, except in the last signal.
    """
    padded, firsts, position = [], [], 0
    for signal in signals:
        length = -(-max(len(signal), MIN_SAMPLES) // HOP_SAMPLES) * HOP_SAMPLES + 2 * FFT_SIZE
        padded.append(np.pad(signal, (0, length - len(signal))))
        firsts.append(position // HOP_SAMPLES)
        position += length
    with tempfile.TemporaryDirectory() as folder:
        sound, out = Path(folder) / "signals.wav", Path(folder) / "mel.npy"
        write_wav(sound, np.concatenate([*padded[:-1], signals[-1]]))
        command = [launcher, "features", "--audio", str(sound), "--mel", str(out)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()}")
        rows = np.load(out).astype(np.float32)
    counts = [1 + max(len(signal), MIN_SAMPLES) // HOP_SAMPLES for signal in signals]
    return [rows[first : first + count] for first, count in zip(firsts, counts)]


def mel(samples: np.ndarray) -> np.ndarray:
    """Normalised log-mel rows, float32 [1 + samples // 200, 80] in [-4, 4]."""
    x = np.asarray(samples, np.float64)
    x = np.pad(x, (0, max(0, MIN_SAMPLES - len(x))))
    emphasised = np.append(x[0], x[1:] - 0.97 * x[:-1])
    padded = np.pad(emphasised, FFT_SIZE // 2)
    rows = 1 + len(x) // HOP_SAMPLES
    strided = np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE)[::HOP_SAMPLES][:rows]
    magnitude = np.abs(np.fft.rfft(strided * _HANN, axis=1))
    level = 20 * np.log10(np.maximum(1e-5, magnitude @ _BANK.T)) - 20
    return np.clip(8 * (level + 100) / 100 - 4, -4, 4).astype(np.float32)


def window_starts(row_count: int) -> np.ndarray:
    """First mel row of each encoder window, one window per video frame."""
    count = int((row_count - WINDOW_ROWS) / 80.0 * 25.0) + 2
    starts = [int(80.0 * (frame / 25.0)) for frame in range(count)]
    return np.minimum(starts, row_count - WINDOW_ROWS)


def frame_count(row_count: int) -> int:
    """Video frames drawn for a signal of this many mel rows."""
    return len(window_starts(row_count)) + 2


def encoder_windows(mel_rows: np.ndarray, starts: np.ndarray | None = None) -> np.ndarray:
    """Encoder input [N, 1, 80, 16]."""
    starts = window_starts(len(mel_rows)) if starts is None else starts
    rows = starts[:, None] + np.arange(WINDOW_ROWS)
    return np.ascontiguousarray(mel_rows[rows].transpose(0, 2, 1))[:, None]


def context(embeddings: np.ndarray) -> np.ndarray:
    """Generator's audio input [N + 2, 32, 16, 16] from encoder output [N, 512].

    The first and last embedding are doubled; frame i takes rows i-8 .. i+7 of that, zeros outside.
    """
    padded = np.concatenate([embeddings[:1], embeddings, embeddings[-1:]])
    framed = np.pad(padded, ((CONTEXT_BEFORE, CONTEXT_ROWS - CONTEXT_BEFORE), (0, 0)))
    rows = np.arange(len(padded))[:, None] + np.arange(CONTEXT_ROWS)
    return framed[rows].reshape(-1, 32, 16, 16)


def _slaney_mel_to_hz(mels: np.ndarray) -> np.ndarray:
    linear = mels * 200 / 3
    return np.where(mels < 15, linear, 1000 * np.exp((mels - 15) * np.log(6.4) / 27))


def _hz_to_slaney_mel(hz: float) -> float:
    return hz * 3 / 200 if hz < 1000 else 15 + np.log(hz / 1000) * 27 / np.log(6.4)


def _mel_bank() -> np.ndarray:
    low, high = _hz_to_slaney_mel(MEL_LOW_HZ), _hz_to_slaney_mel(MEL_HIGH_HZ)
    edges = _slaney_mel_to_hz(np.linspace(low, high, MEL_BANDS + 2))
    bins = np.arange(FFT_SIZE // 2 + 1) * SAMPLE_RATE_HZ / FFT_SIZE
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    area_norm = 2 / (edges[2:] - edges[:-2])[:, None]
    return np.maximum(0, np.minimum(rising, falling)) * area_norm


_HANN = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT_SIZE) / FFT_SIZE)
_BANK = _mel_bank()
