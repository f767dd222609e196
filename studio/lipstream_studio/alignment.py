"""Finds the phonemes of a recording whose words are known: a synthesiser says them too, and the two are aligned.

Dynamic time warping over cepstra carries the synthesiser's phoneme times over to the recording; several
voices do so, and the mean of what they find is taken.
"""

from __future__ import annotations

import numpy as np

from lipstream_studio import corpus, features

VOICES = ("slt", "rms", "awb")
CEPSTRA = 14
# Steps through both sounds at once are free, through one of them alone they cost.
ALONE_COST = 0.15


def aligned(samples: np.ndarray, text: str) -> tuple[list[tuple[str, float]], float]:
    """(phoneme, end seconds) of a recording of a text, and how well it fits: below 0.95, or it is another text."""
    spoken = cepstra(samples)
    found, costs = [], []
    for voice in VOICES:
        synthetic = corpus.speak(text, voice, None)
        path, cost = warp(cepstra(synthetic.samples), spoken)
        rows = np.arange(len(path)) / features.MEL_ROWS_PER_SECOND
        times = path / features.MEL_ROWS_PER_SECOND
        names = [name for name, _ in synthetic.segments]
        ends = np.interp([end for _, end in synthetic.segments], rows, times)
        costs.append(cost)
        if not found or names == found[0][0]:
            found.append((names, ends))
    ends = np.mean([ends for _, ends in found], 0)
    return list(zip(found[0][0], map(float, ends))), float(np.mean(costs))


def cepstra(samples: np.ndarray) -> np.ndarray:
    """Normalised shape of the spectrum and its loudness, with their slopes: [rows, 2 * CEPSTRA]."""
    mel = features.mel(samples)
    bands = np.arange(features.MEL_BANDS) + 0.5
    shapes = np.cos(np.pi * np.arange(CEPSTRA)[:, None] * bands / features.MEL_BANDS)
    values = mel @ shapes.T / features.MEL_BANDS
    values = (values - values.mean(0)) / (values.std(0) + 1e-6)
    slopes = np.gradient(values, axis=0)
    slopes /= slopes.std(0) + 1e-6
    return np.concatenate([values, 0.5 * slopes], 1)


def warp(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, float]:
    """For each row of the first the row of the second that belongs to it, and the mean cost of a row."""
    distance = np.sqrt(((first[:, None] - second[None]) ** 2).mean(2))
    rows, columns = distance.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0
    came = np.zeros((rows + 1, columns + 1), np.int8)
    # What lies on one diagonal depends on the two before it alone.
    for diagonal in range(2, rows + columns + 1):
        i = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        j = diagonal - i
        ways = (total[i - 1, j - 1], total[i - 1, j] + ALONE_COST, total[i, j - 1] + ALONE_COST)
        came[i, j] = np.argmin(ways, 0)
        total[i, j] = np.min(ways, 0) + distance[i - 1, j - 1]
    matched = np.zeros(rows)
    i, j = rows, columns
    while i > 0 and j > 0:
        matched[i - 1] = j - 1
        step = came[i, j]
        i, j = i - (step != 2), j - (step != 1)
    return matched, float(total[rows, columns] / max(rows, columns))
