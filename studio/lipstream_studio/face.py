"""Landmarks and regions of a resting head: where mouth, brows, lids and hairline are. Lengths are metres."""

import bpy  # noqa: F401  (it brings mathutils)
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree


class Face:
    """Answers where things are on the resting body mesh of a character."""

    def __init__(self, character):
        arrays = character.arrays
        self.looks = character.looks
        self.vertices = arrays["body_vertices"]
        self.sizes, self.corners, self.uv = arrays["body_sizes"], arrays["body_corners"], arrays["body_uv"]
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        self.eye = character.joints["eye.L"]
        self.skull = np.array([0, (character.joints["head"][1] + self.eye[1]) / 2 + 0.012, self.eye[2] + 0.035])
        self.neck_root = character.joints["neck01"]
        lips = arrays["body_lips"] > 0.5
        self.mouth_z = float(np.median(self.vertices[lips, 2]))
        self.lip_half_width = float(np.abs(self.vertices[arrays["body_lips"] > 0.25, 0]).max())
        middle = np.abs(self.vertices[:, 0]) < 0.004
        front = middle & (self.vertices[:, 1] < -0.11)
        nose = front & (np.abs(self.vertices[:, 2] - (self.mouth_z + 0.03)) < 0.02)
        self.nose_z = float(self.vertices[nose][np.argmin(self.vertices[nose, 1]), 2])
        below = front & (np.abs(self.vertices[:, 2] - (self.mouth_z - 0.036)) < 0.024)
        self.chin_z = float(self.vertices[below, 2].min())
        within = np.abs(self.vertices[:, 0]) < 0.006
        red = within & (arrays["body_lips"] > 0.25) & (self.vertices[:, 1] < np.median(self.vertices[lips, 1]))
        self.lip_top, self.lip_bottom = float(self.vertices[red, 2].max()), float(self.vertices[red, 2].min())
        self.surface = BVHTree.FromPolygons([Vector(v) for v in self.vertices], self.faces())

    def faces(self):
        return [list(self.corners[s : s + n]) for s, n in zip(self.starts, self.sizes)]

    def triangles_with_uv(self):
        """Vertex indices [n,3] and texture coordinates [n,3,2] of the body cut into triangles."""
        quads = self.sizes == 4
        first = self.starts[:, None] + np.array([0, 1, 2])
        second = self.starts[quads][:, None] + np.array([0, 2, 3])
        corners = np.concatenate([first, second])
        return self.corners[corners], self.uv[corners]

    def above_hairline(self, points):
        """Metres by which points [...,3] lie above the hairline; strongly negative on the neck."""
        angle = np.degrees(np.abs(np.arctan2(points[..., 0], -(points[..., 1] - self.skull[1]))))
        above = points[..., 2] - self.eye[2] - np.interp(angle, self.looks.hairline_degrees, self.looks.hairline)
        return np.where(points[..., 2] < self.neck_root[2] + 0.03, -1.0, above)

    def beard(self, points):
        """Where a beard would grow, 0..1, at points [...,3]: upper lip, chin, jaw up to the ears, down to the throat."""
        aside, height = np.abs(points[..., 0]), points[..., 2]
        # Its upper border climbs from beside the mouth to the ear.
        border = self.mouth_z - 0.004 + 0.050 * np.clip((aside - 0.030) / 0.045, 0, 1) ** 1.4
        jaw = 1 / (1 + np.exp(-(border - height) / 0.0045))
        moustache = np.exp(-(((height - self.mouth_z - 0.0125) / 0.0060) ** 2) - (aside / 0.027) ** 4)
        throat = np.clip((height - self.chin_z + 0.040) / 0.030, 0, 1)
        front = np.clip((self.skull[1] - 0.012 - points[..., 1]) / 0.02, 0, 1)
        return np.maximum(jaw, moustache) * throat * front

    def brow_point(self, along):
        """Offsets (outwards, up) and half width of the brow at `along` in 0 (nose) .. 1 (temple)."""
        line = np.array(self.looks.brow.line)
        knots = np.linspace(0, 1, len(line))
        offsets = np.stack([np.interp(along, knots, line[:, k]) for k in (0, 1)], -1)
        return offsets, np.interp(along, knots, self.looks.brow.half_width)

    def vermilion(self, points):
        """0..1: inside the red of the lips as an artist draws it, with a cupid's bow and tapering to the corners."""
        along = np.abs(points[..., 0]) / (self.lip_half_width + 0.0026)
        line = self.mouth_z + 0.0012 * np.minimum(along, 1) ** 2
        high = (self.lip_top - self.mouth_z) * (
            1.05 * np.clip(1 - along**1.8, 0, 1) ** 0.9 - 0.15 * np.exp(-((along / 0.15) ** 2))
        )
        low = 1.25 * (self.mouth_z - self.lip_bottom) * np.clip(1 - along**2.2, 0, 1) ** 0.8
        inside = np.minimum(high + line - points[..., 2], points[..., 2] - line + low)
        return np.clip(inside / 0.0012 + 0.7, 0, 1)

    def brow_shade(self, points):
        """The soft shade under the brow's hairs, 0..1, at points [...,3]."""
        line = np.array(self.looks.brow.line)
        outwards = np.abs(points[..., 0]) - self.eye[0]
        up = points[..., 2] - self.eye[2]
        along = (outwards - line[0, 0]) / (line[-1, 0] - line[0, 0])
        knots = (line[:, 0] - line[0, 0]) / (line[-1, 0] - line[0, 0])
        middle = np.interp(along, knots, line[:, 1])
        width = np.interp(along, knots, self.looks.brow.half_width)
        ends = np.clip((along + 0.02) / 0.15, 0, 1) * np.clip((1.02 - along) / 0.1, 0, 1)
        front = points[..., 1] < self.eye[1] + 0.03
        return np.exp(-0.5 * ((up - middle) / (width * 0.8)) ** 2) * ends * front
