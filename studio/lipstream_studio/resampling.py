"""Changes the rate of whole recordings by cutting or padding their spectrum."""

from __future__ import annotations

import numpy as np

from lipstream_studio import features


def to_serving_rate(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Mono samples at 16 kHz."""
    count = round(len(samples) * features.SAMPLE_RATE_HZ / rate_hz)
    spectrum = np.fft.rfft(samples)
    wanted = np.zeros(count // 2 + 1, complex)
    shared = min(len(spectrum), len(wanted))
    wanted[:shared] = spectrum[:shared]
    return (np.fft.irfft(wanted, count) * (count / len(samples))).astype(np.float32)
