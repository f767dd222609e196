"""Grows hair and brows as strands: arrays of points, one row a strand. Lengths are metres, all seeded."""

import bpy  # noqa: F401  (it brings mathutils)
import numpy as np
from mathutils import Vector
from scipy.spatial import cKDTree

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


def brows(face, rng, steps=6):
    """Both eyebrows: points [strand, step, 3], lying on the skin."""
    count = face.looks.brow.hairs
    along = rng.random(count) ** 0.9
    (offsets, half_width), across = face.brow_point(along), rng.uniform(-1, 1, count)
    start = np.stack([face.eye[0] + offsets[:, 0], face.eye[2] + offsets[:, 1] + across * half_width], 1)
    ahead, _ = face.brow_point(np.minimum(along + 0.08, 1.0))
    flow = ahead - face.brow_point(along - 0.02)[0]
    flow /= np.linalg.norm(flow, axis=1, keepdims=True)
    turn = np.deg2rad(34 * np.exp(-along / 0.16) + 14 - 30 * across * (across > 0) + 8 * rng.normal(size=count))
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


def lash_roots(character):
    """Points [n,3] where the upper lashes leave the resting lids: the edge of the lash mesh that is next to the eye."""
    vertices = character.arrays["lash_vertices"]
    centre = character.joints["eye.L"]
    folded = vertices * [1, 1, 1]
    folded[:, 0] = np.abs(folded[:, 0])
    depth = np.linalg.norm(folded - centre, axis=1)
    roots = []
    for quad in character.arrays["lash_corners"].reshape(-1, 4):
        if np.abs(vertices[quad, 0]).mean() > LASHES_END_X or vertices[quad, 2].mean() < centre[2] - 0.002:
            continue  # beyond the lid, or lower lashes, which are too fine to be seen
        sides = [(quad[k], quad[(k + 1) % 4]) for k in range(4)]
        a, b = min(sides, key=lambda side: depth[side[0]] + depth[side[1]])
        roots.append(np.linspace(vertices[a], vertices[b], 5))
    return np.concatenate(roots)
