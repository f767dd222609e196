"""A short haircut as strands: longer on top and swept aside from a parting, tapered at the sides. Lengths are metres.

A strand marches over the scalp along the combing direction, at a height that it keeps from the scalp: low strands carry
higher ones, which gives the cut its volume.
"""

import numpy as np
from scipy.spatial import cKDTree

from .sheets import TONE_SHARES, TONES
from .strands import Scalp, sample_surface

COUNT = 46000
STEPS = 12
LOCKS = 420  # strands of one lock bend alike
PARTING_X = 0.034
TOP_LENGTH, SIDE_LENGTH = 0.040, 0.010
TOP_VOLUME, SIDE_VOLUME = 0.0150, 0.0034
EAR_X, EAR_RIM_X, EAR_TOP = 0.0640, 0.0735, 0.038


def smoothstep(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def short(face, rng):
    """Points [strand, step, 3] and the tone of each strand [n]."""
    scalp = Scalp(face, rng)
    roots = _roots(face, rng)
    count = len(roots)
    ground, normals = scalp.nearest(roots)
    above_eyes = roots[:, 2] - face.eye[2]
    frontness = smoothstep(0.02, 0.075, face.skull[1] - roots[:, 1])
    top = smoothstep(0.050, 0.088, above_eyes + 0.014 * frontness)
    lock_of = cKDTree(roots[:LOCKS]).query(roots)[1]
    lock = rng.normal(size=(LOCKS, 4))[lock_of]

    comb = _combing(roots, top, frontness) + 0.22 * lock[:, :3] + 0.07 * rng.normal(size=(count, 3))
    layer = rng.random(count) ** 0.75
    volume = SIDE_VOLUME + (TOP_VOLUME - SIDE_VOLUME) * top * (0.62 + 0.38 * frontness)
    edge = smoothstep(-0.002, 0.016, face.above_hairline(roots))  # shorter and flatter at the hairline of the sides
    tapered = np.maximum(edge, top)
    height = layer * volume * (0.35 + 0.65 * tapered) * (1 + 0.2 * lock[:, 3])
    length = SIDE_LENGTH * (0.45 + 0.55 * tapered) + (TOP_LENGTH - SIDE_LENGTH) * top * (0.75 + 0.25 * frontness)
    length *= rng.uniform(0.72, 1.08, count)
    step = length / (STEPS - 1)

    path = np.empty((count, STEPS, 3))
    path[:, 0] = ground - normals * 0.0008
    for k in range(1, STEPS):
        t = k / (STEPS - 1)
        rising = np.sin(min(1.0, t * 2.0) * np.pi / 2)
        settled = 1 - 0.30 * smoothstep(0.6, 1.0, t)
        direction = comb - normals * (comb * normals).sum(1, keepdims=True)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        climb = np.diff(np.sin(np.minimum(1.0, np.array([t - 1 / (STEPS - 1), t]) * 2.0) * np.pi / 2))[0] * height
        along = np.sqrt(np.maximum(step**2 - climb**2, (0.25 * step) ** 2))
        ground, normals = scalp.nearest(ground + direction * along[:, None])
        path[:, k] = ground + normals * (height * rising * settled + 0.0004)[:, None]
    gather = 0.45 * np.linspace(0, 1, STEPS)[:, None] ** 1.2 * top[:, None, None]
    offset = (roots - roots[lock_of])[:, None]
    near = np.linalg.norm(offset, axis=2, keepdims=True) < 0.012
    path += gather * near * (path[lock_of] + 0.45 * offset - path) * np.array([1, 1, 0.5])
    for _ in range(2):
        path[:, 1:-1] = 0.25 * path[:, :-2] + 0.5 * path[:, 1:-1] + 0.25 * path[:, 2:]
    astray = (face.above_hairline(path) < -0.004) & (path[..., 1] < face.skull[1] - 0.02)
    kept = ~astray.any(1)
    return path[kept], rng.choice(len(TONES), LOCKS, p=TONE_SHARES)[lock_of][kept]


def _roots(face, rng):
    """Points of the scalp, thinning out towards an uneven hairline."""
    roots = sample_surface(face, lambda c: (face.above_hairline(c) > -0.010).astype(float), COUNT * 2, rng)
    above = face.above_hairline(roots) + rng.normal(scale=0.0017, size=len(roots))
    dense = np.clip((above + 0.0005) / 0.008, 0, 1) ** 1.3
    v = face.vertices
    rims = v[(np.abs(v[:, 0]) > EAR_RIM_X) & (np.abs(v[:, 2] - face.eye[2] + 0.01) < 0.02)]
    beside = (roots[:, 1] > rims[:, 1].min() - 0.006) & (roots[:, 1] < face.skull[1] + 0.03)
    ears = (np.abs(roots[:, 0]) > np.where(beside, EAR_X, EAR_RIM_X)) & (roots[:, 2] < face.eye[2] + EAR_TOP)
    return roots[(rng.random(len(roots)) < dense) & ~ears][:COUNT]


def _combing(roots, top, frontness):
    """Where the comb went: aside and back on top, down and back at the sides."""
    from_parting = np.tanh((roots[:, 0] - PARTING_X) / 0.012)
    over = np.stack([np.where(from_parting < 0, 0.95, 0.75) * from_parting, 0.55 - 0.15 * frontness, 0.12 * frontness], 1)
    down = np.stack([np.zeros(len(roots)), np.full(len(roots), 0.30), np.full(len(roots), -1.0)], 1)
    return top[:, None] * over + (1 - top[:, None]) * down
