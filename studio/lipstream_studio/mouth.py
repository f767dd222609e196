"""Mouth parameters of a phoneme sequence: the language that the renders and the networks share.

A mouth is a vector of ten numbers, one per facial unit in ``PARAMETERS``, 0 at rest. The rest mouth
is closed. Renders are made from such vectors, the audio network predicts them from sound, and the
generator draws them.

Speech becomes a curve of mouths in two steps:

1. every phoneme pulls each parameter towards its viseme's target, with a pull of its own strength
   (a "k" hardly cares about lip rounding, a "w" insists on it); the pulls are blended over time
   with a Gaussian, so that neighbours colour each other (coarticulation);
2. lips that must touch (p b m) or teeth that must touch the lip (f v) override the blend: a mouth
   that misses them is what viewers notice first.
"""

from __future__ import annotations

import numpy as np

PARAMETERS = (
    "JawDrop",
    "Side",
    "UpperLipUp",
    "lowerLipDown",
    "LipsKiss",
    "lowerLipBackward",
    "lowerLipUp",
    "UpperLipBackward",
    "TonguePointUp",
    "TongueOut",
)

# The renderer's facial units behind each parameter that is not a unit itself.
UNITS_OF_PARAMETER = {"Side": ("MouthLeftPullSide", "MouthRightPullSide")}

FRAMES_PER_SECOND = 25
CURVE_RATE_HZ = 200

# Lips start to move before the sound that they shape.
ANTICIPATION_SECONDS = 0.025
BLEND_SIGMA_SECONDS = 0.033
# A contact holds at least this long around its middle, so that a video frame always sees it.
CONTACT_HOLD_SECONDS = 0.048
CONTACT_RAMP_SECONDS = 0.055


def mouth(**values: float) -> np.ndarray:
    """A parameter vector from named values; parameters not named are 0."""
    unknown = set(values) - set(PARAMETERS)
    if unknown:
        raise ValueError(f"unknown mouth parameters {sorted(unknown)}; known: {PARAMETERS}")
    return np.array([values.get(name, 0.0) for name in PARAMETERS], dtype=np.float32)


REST = mouth()
LIPS_PRESSED = mouth(lowerLipUp=0.32, UpperLipBackward=0.3, lowerLipBackward=0.25)
LIP_UNDER_TEETH = mouth(JawDrop=0.06, lowerLipBackward=0.7, lowerLipUp=0.5, UpperLipUp=0.45)

VISEMES = {
    "aa": mouth(JawDrop=0.50, UpperLipUp=0.22, lowerLipDown=0.18),
    "ae": mouth(JawDrop=0.42, Side=0.35, UpperLipUp=0.3, lowerLipDown=0.2),
    "ah": mouth(JawDrop=0.32, UpperLipUp=0.15, lowerLipDown=0.12),
    "ax": mouth(JawDrop=0.20, UpperLipUp=0.15),
    "ao": mouth(JawDrop=0.42, LipsKiss=0.35),
    "eh": mouth(JawDrop=0.29, Side=0.3, UpperLipUp=0.25, lowerLipDown=0.2),
    "er": mouth(JawDrop=0.16, LipsKiss=0.35, UpperLipUp=0.15),
    "ih": mouth(JawDrop=0.16, Side=0.35, UpperLipUp=0.25, lowerLipDown=0.2),
    "iy": mouth(JawDrop=0.11, Side=0.65, UpperLipUp=0.35, lowerLipDown=0.35),
    "uh": mouth(JawDrop=0.15, LipsKiss=0.5),
    "uw": mouth(JawDrop=0.1, LipsKiss=0.8),
    "th": mouth(JawDrop=0.17, TongueOut=0.5, TonguePointUp=0.2, UpperLipUp=0.25, lowerLipDown=0.1),
    "l": mouth(JawDrop=0.22, TonguePointUp=0.9, UpperLipUp=0.2),
    "n": mouth(JawDrop=0.14, TonguePointUp=0.7, UpperLipUp=0.2, lowerLipDown=0.15),
    "s": mouth(JawDrop=0.04, Side=0.3, UpperLipUp=0.35, lowerLipDown=0.35),
    "sh": mouth(JawDrop=0.07, LipsKiss=0.45, UpperLipUp=0.35, lowerLipDown=0.35),
    "k": mouth(JawDrop=0.17, UpperLipUp=0.2, lowerLipDown=0.15),
    "hh": mouth(JawDrop=0.2, UpperLipUp=0.15),
    "r": mouth(JawDrop=0.12, LipsKiss=0.4, UpperLipUp=0.15),
    "w": mouth(JawDrop=0.06, LipsKiss=0.85),
    "y": mouth(JawDrop=0.12, Side=0.4, UpperLipUp=0.25, lowerLipDown=0.25),
    "p": LIPS_PRESSED,
    "f": LIP_UNDER_TEETH,
    "pau": REST,
}

# Phonemes that look like another one.
_SAME_AS = {
    "dh": "th", "t": "n", "d": "n", "dx": "n", "nx": "n", "en": "n", "el": "l", "z": "s",
    "zh": "sh", "ch": "sh", "jh": "sh", "g": "k", "ng": "k", "axr": "er", "b": "p", "m": "p",
    "em": "p", "v": "f", "sil": "pau",
}  # fmt: skip

# A diphthong is two mouths, the first held a little longer.
DIPHTHONGS = {
    "ay": ("aa", "ih"),
    "aw": ("aa", "uh"),
    "oy": ("ao", "ih"),
    "ow": ("ao", "uw"),
    "ey": ("eh", "iy"),
}
_DIPHTHONG_SPLIT = 0.55

CONTACTS = {"p", "f"}
PRESSED_PHONEMES = frozenset({"p", "b", "m", "em"})

# How strongly a viseme insists on a parameter; 1 where nothing is said.
_PULL = {
    "k": dict(JawDrop=0.5, LipsKiss=0.25, Side=0.25, UpperLipUp=0.6, lowerLipDown=0.6),
    "hh": dict(JawDrop=0.4, LipsKiss=0.15, Side=0.15, UpperLipUp=0.3, lowerLipDown=0.3),
    "n": dict(JawDrop=0.6, LipsKiss=0.35, Side=0.3, UpperLipUp=0.6, lowerLipDown=0.6),
    "l": dict(JawDrop=0.6, LipsKiss=0.4, Side=0.4, UpperLipUp=0.6, lowerLipDown=0.6),
    "th": dict(LipsKiss=0.4, Side=0.4),
    "s": dict(JawDrop=1.4, LipsKiss=0.4, Side=0.5),
    "sh": dict(JawDrop=1.3, LipsKiss=1.3),
    "p": dict(JawDrop=0.5, LipsKiss=0.3, Side=0.3),
    "f": dict(JawDrop=0.7, LipsKiss=0.3, Side=0.3),
    "w": dict(LipsKiss=1.6, JawDrop=1.2),
    "uw": dict(LipsKiss=1.4),
    "aa": dict(JawDrop=1.4),
    "ae": dict(JawDrop=1.3),
    "ao": dict(JawDrop=1.3),
    "ax": dict(JawDrop=0.7, LipsKiss=0.5, Side=0.5),
}


# How far one unit of a parameter moves the middles of the lips apart, and the corners of the mouth.
_OPENING_MM = mouth(JawDrop=23.4, UpperLipUp=2.8, lowerLipDown=9.9, LipsKiss=2.0)
_WIDTH_MM = mouth(
    Side=4.5, LipsKiss=-7.2, JawDrop=-6.9, UpperLipUp=3.3, UpperLipBackward=-4.9, lowerLipBackward=-1.0
)  # fmt: skip


def opening_mm(mouths: np.ndarray) -> np.ndarray:
    """How far the lips are apart beyond rest: below 1.5 they touch, a wide "ah" has 14."""
    return mouths @ _OPENING_MM


def width_mm(mouths: np.ndarray) -> np.ndarray:
    """How much wider than at rest (34 mm) the mouth is."""
    return mouths @ _WIDTH_MM


def lip_under_teeth(mouths: np.ndarray) -> np.ndarray:
    """0 at rest, 1 in an "f"; pressed lips have a third."""
    return mouths[..., PARAMETERS.index("lowerLipBackward")] / LIP_UNDER_TEETH.max()


def viseme_names(phoneme: str) -> tuple[str, ...]:
    """The visemes of a phoneme, in order: two for a diphthong, else one."""
    if phoneme in DIPHTHONGS:
        return DIPHTHONGS[phoneme]
    name = _SAME_AS.get(phoneme, phoneme)
    if name not in VISEMES:
        raise ValueError(f"no viseme for phoneme {phoneme!r}; add it to mouth.VISEMES")
    return (name,)


def viseme_spans(
    segments: list[tuple[str, float]],
) -> list[tuple[str, float, float]]:
    """(viseme, start, end) in seconds from (phoneme, end) segments."""
    spans, start = [], 0.0
    for phoneme, end in segments:
        names = viseme_names(phoneme)
        split = start + (end - start) * _DIPHTHONG_SPLIT
        edges = [start, split, end] if len(names) == 2 else [start, end]
        spans += [(name, a, b) for name, a, b in zip(names, edges, edges[1:])]
        start = end
    return spans


def curve(segments: list[tuple[str, float]], duration_seconds: float) -> np.ndarray:
    """Mouths at ``CURVE_RATE_HZ``: float32 [n, len(PARAMETERS)]."""
    count = int(duration_seconds * CURVE_RATE_HZ) + 1
    time = np.arange(count) / CURVE_RATE_HZ
    target = np.zeros((count, len(PARAMETERS)), np.float32)
    pull = np.ones((count, len(PARAMETERS)), np.float32)
    contact = np.zeros(count, np.float32)
    contact_mouth = np.zeros((count, len(PARAMETERS)), np.float32)
    for name, start, end in viseme_spans(segments):
        first, last = (round((t - ANTICIPATION_SECONDS) * CURVE_RATE_HZ) for t in (start, end))
        span = slice(max(first, 0), max(last, 0))
        target[span] = VISEMES[name]
        for parameter, strength in _PULL.get(name, {}).items():
            pull[span, PARAMETERS.index(parameter)] = strength
        if name in CONTACTS:
            strength = _contact_strength(time, start, end)
            stronger = strength > contact
            contact[stronger] = strength[stronger]
            contact_mouth[stronger] = VISEMES[name]
    blended = _smooth(target * pull) / _smooth(pull)
    return blended + (contact_mouth - blended) * contact[:, None]


def frames(segments: list[tuple[str, float]], duration_seconds: float) -> np.ndarray:
    """The mouth of each video frame, taken at the middle of its display time."""
    samples = curve(segments, duration_seconds)
    count = int(duration_seconds * FRAMES_PER_SECOND)
    middle = (np.arange(count) + 0.5) / FRAMES_PER_SECOND
    return samples[np.minimum((middle * CURVE_RATE_HZ).astype(int), len(samples) - 1)]


def units(parameters: np.ndarray) -> dict[str, float]:
    """The renderer's facial units and weights of one mouth; units at rest are left out."""
    weights = {}
    for name, value in zip(PARAMETERS, parameters):
        if abs(value) < 1e-3:
            continue
        for unit in UNITS_OF_PARAMETER.get(name, (name,)):
            weights[unit] = float(value)
    return weights


def _contact_strength(time: np.ndarray, start: float, end: float) -> np.ndarray:
    middle = (start + end) / 2 - ANTICIPATION_SECONDS / 2
    hold = max((end - start) * 0.6, CONTACT_HOLD_SECONDS) / 2
    ramp = np.clip(1 - np.maximum(np.abs(time - middle) - hold, 0) / CONTACT_RAMP_SECONDS, 0, 1)
    return (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)


def _smooth(values: np.ndarray) -> np.ndarray:
    radius = int(4 * BLEND_SIGMA_SECONDS * CURVE_RATE_HZ)
    kernel = np.exp(
        -0.5 * (np.arange(-radius, radius + 1) / CURVE_RATE_HZ / BLEND_SIGMA_SECONDS) ** 2
    )
    kernel /= kernel.sum()
    padded = np.pad(values, ((radius, radius), (0, 0)), mode="edge")
    return np.stack(
        [np.convolve(padded[:, j], kernel, "valid") for j in range(values.shape[1])], 1
    ).astype(np.float32)
