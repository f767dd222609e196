"""Grows hair, brows and lashes as strands: arrays of points, one row a strand. Lengths are metres, all seeded."""

import bpy  # noqa: F401  (it brings mathutils)
import numpy as np
from mathutils import Vector
from scipy.spatial import cKDTree

HAIR_COUNT = 30000
HAIR_STEPS = 16
LOCKS = 600  # strands of one lock bend towards one guide
PARTING_X = 0.020
LASHES_PER_CELL = 5
LASHES_END_X = 0.0445  # beyond it the lash mesh leaves the lid


def sample_surface(face, weight, count, rng):
    """Random points on the body's triangles, likelier where `weight` (of triangle centres [n,3]) is higher."""
    triangles, _ = face.triangles_with_uv()
    corners = face.vertices[triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chance = area * weight(corners.mean(1))
    chosen = corners[rng.choice(len(corners), size=count, p=chance / chance.sum())]
    a, b = np.sqrt(rng.random(count))[:, None], rng.random(count)[:, None]
    return chosen[:, 0] * (1 - a) + chosen[:, 1] * (a * (1 - b)) + chosen[:, 2] * (a * b)


class Scalp:
    """Nearest surface point and normal, from a dense sample of the skull's surface."""

    def __init__(self, face, rng):
        dense = sample_surface(face, lambda c: (c[:, 2] > face.neck_root[2] + 0.02).astype(float), 120000, rng)
        hits = [face.surface.find_nearest(Vector(p)) for p in dense]
        self.points = np.array([h[0] for h in hits])
        self.normals = np.array([h[1] for h in hits])
        self.tree = cKDTree(self.points)

    def nearest(self, points):
        _, near = self.tree.query(points, k=6)
        normals = self.normals[near].mean(1)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        height = ((points - self.points[near[:, 0]]) * normals).sum(1, keepdims=True)
        return points - normals * height, normals


def knot(face, rng):
    """Hair combed back from a side parting into a knot behind the head: points [strand, step, 3]."""
    scalp = Scalp(face, rng)
    roots = sample_surface(face, lambda c: (face.above_hairline(c) > -0.012).astype(float), HAIR_COUNT * 2, rng)
    above = face.above_hairline(roots) + rng.normal(scale=0.0018, size=len(roots))
    dense = np.clip((above + 0.001) / 0.013, 0, 1) ** 1.6
    ears = (np.abs(roots[:, 0]) > 0.0655) & (roots[:, 2] < face.eye[2] + 0.03) & (roots[:, 1] < face.skull[1] + 0.03)
    roots = roots[(rng.random(len(roots)) < dense) & ~ears][:HAIR_COUNT]

    knot = np.array([0, face.skull[1] + 0.098, face.eye[2] - 0.006])
    count = len(roots)
    top = np.clip((roots[:, 2] - face.eye[2] - 0.03) / 0.05, 0, 1)
    frontness = np.clip((face.skull[1] - roots[:, 1]) / 0.06, 0, 1)
    side = roots[:, 0] - PARTING_X + rng.normal(scale=0.003, size=count)
    sweep = 0.55 * np.tanh(side / 0.03)
    guide_of = cKDTree(roots[:LOCKS]).query(roots)[1]
    lift = (0.0022 + 0.0080 * top) * (0.55 + 0.45 * rng.random(count) ** 0.5)
    wander = rng.normal(size=(count, 3)) * 0.02
    step = np.linalg.norm(knot - roots, axis=1) * 1.30 / HAIR_STEPS

    path = np.empty((count, HAIR_STEPS, 3))
    ground, normals = scalp.nearest(roots)
    path[:, 0] = ground - normals * 0.0008
    for k in range(1, HAIR_STEPS):
        t = k / HAIR_STEPS
        home = knot - ground
        distance = np.linalg.norm(home, axis=1, keepdims=True)
        home = home / np.maximum(distance, 1e-6)
        sideways = np.stack([sweep, np.full(count, 0.75), np.full(count, 0.05)], 1)
        share = np.clip(1 - t * 1.5, 0, 1) * (0.25 + 0.45 * top * frontness)
        direction = home * (1 - share[:, None]) + sideways * share[:, None] + wander
        direction -= normals * (direction * normals).sum(1, keepdims=True)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        ground, normals = scalp.nearest(ground + direction * np.minimum(step[:, None], distance))
        height = lift * np.sin(min(1, t * 2.2) * np.pi / 2) + 0.0006
        path[:, k] = ground + normals * height[:, None]
    pull = 0.25 * np.linspace(0, 1, HAIR_STEPS)[:, None] ** 0.7
    offset = (roots - roots[guide_of])[:, None] * 0.6
    path += pull * (path[guide_of] + offset - path) * (np.linalg.norm(offset, axis=2, keepdims=True) < 0.01)
    for _ in range(3):
        path[:, 1:-1] = 0.25 * path[:, :-2] + 0.5 * path[:, 1:-1] + 0.25 * path[:, 2:]
    low_front = (face.above_hairline(path) < -0.006) & (path[..., 1] < face.skull[1] - 0.005)
    return path[~low_front.any(1)]


STYLES = {"knot": knot}


def hair(face, rng):
    """The strands of the character's hair style: points [strand, step, 3]."""
    return STYLES[face.looks.hair_style](face, rng)


def brows(face, rng, steps=6):
    """Both eyebrows: points [strand, step, 3], lying on the skin."""
    count = face.looks.brow.hairs
    along = rng.random(count) ** 0.9
    (offsets, half_width), across = face.brow_point(along), rng.uniform(-1, 1, count)
    start = np.stack([face.eye[0] + offsets[:, 0], face.eye[2] + offsets[:, 1] + across * half_width], 1)
    ahead, _ = face.brow_point(np.minimum(along + 0.08, 1.0))
    flow = ahead - face.brow_point(along - 0.02)[0]
    flow /= np.linalg.norm(flow, axis=1, keepdims=True)
    turn = np.deg2rad(62 * np.exp(-along / 0.16) + 14 - 30 * across * (across > 0) + 8 * rng.normal(size=count))
    c, s = np.cos(turn), np.sin(turn)
    flow = np.stack([c * flow[:, 0] - s * flow[:, 1], s * flow[:, 0] + c * flow[:, 1]], 1)
    length = (0.0068 - 0.0026 * along) * rng.uniform(0.75, 1.1, count)
    strands = []
    for sign in (1, -1):
        for p, f, size in zip(start, flow, length):
            points = []
            for t in np.linspace(0, 1, steps):
                x, z = p + f * size * t
                hit, normal = face.surface.ray_cast(Vector((sign * x, -0.3, z)), Vector((0, 1, 0)))[:2]
                points.append(np.array(hit) + np.array(normal) * (0.0007 * np.sin(np.pi * min(t, 0.6)) + 0.0001))
            strands.append(points)
    return np.array(strands)


class Lashes:
    """Lash strands that follow the lash mesh: chosen once on the resting mesh, placed on any deformed one."""

    def __init__(self, character, rng):
        arrays = character.arrays
        self.rest = rest = arrays["lash_vertices"]
        quads = arrays["lash_corners"].reshape(-1, 4)
        centre = character.joints["eye.L"]
        folded = np.abs(rest[:, :1]) * [1, 0, 0] + rest * [0, 1, 1]
        depth = np.linalg.norm(folded - centre, axis=1)
        self.cells = []
        for quad in quads[np.abs(rest[quads, 0]).mean(1) < LASHES_END_X]:
            edges = [(quad[k], quad[(k + 1) % 4]) for k in range(4)]
            root = min(range(4), key=lambda k: depth[edges[k][0]] + depth[edges[k][1]])
            (a, b), (c, d) = edges[root], edges[(root + 2) % 4]
            if rest[quad, 2].mean() < centre[2] - 0.002:
                continue  # lower lashes are too fine to be seen
            for _ in range(LASHES_PER_CELL):
                lean = np.clip(rng.normal(scale=0.25), -0.6, 0.6)
                self.cells.append((a, b, d, c, rng.random(), lean, rng.uniform(0.35, 0.65)))
        self.index = np.array([c[:4] for c in self.cells])
        self.place, self.lean, self.length = np.array([c[4:] for c in self.cells]).T

    def roots(self):
        """Points where the lashes of the resting lids start."""
        a, b = self.rest[self.index[:, 0]], self.rest[self.index[:, 1]]
        return a + (b - a) * self.place[:, None]

    def strands(self, lash_vertices, steps=5):
        a, b, d, c = (lash_vertices[self.index[:, k]] for k in range(4))
        root = a + (b - a) * self.place[:, None]
        tip = d + (c - d) * (self.place + self.lean)[:, None]
        t = np.linspace(0, 1, steps)[None, :, None] * self.length[:, None, None]
        curl = 0.0009 * np.sin(np.pi * t) * np.array([0, -0.4, -1.0]) * np.sign(tip - root)[:, None, 2:]
        return root[:, None] + (tip - root)[:, None] * t + curl
