"""An open shirt made from the bust itself: a shell cut by a V in front, a folded collar, a placket with buttons.

All lengths are metres. The functions return meshes as (vertices, face sizes, face corners).
"""

import bmesh
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

SHELL_OFFSET = 0.0065  # cloth over skin
NECK_TILT = -0.34  # the neck opening falls towards the front
OPENING_DEPTH = 0.075  # from the neck opening's front down to the first closed button
OPENING_HALF_ANGLE = 25.0  # degrees around the neck where the collar ends
STAND = 0.026  # height of the collar before it folds, at the back
LEAF, POINT = 0.040, 0.020  # width of the folded part, and how much longer its points are
COLLAR_ROWS, COLLAR_COLUMNS = 9, 72
CLOTH = 0.0016  # thickness
PLACKET_HALF_WIDTH = 0.0165
BUTTON_SPACING, BUTTON_RADIUS = 0.062, 0.0052


def shell(body, depsgraph, face):
    """The bust's surface below the neck, smoothed and lifted off the skin, as an editable mesh."""
    shape = bmesh.new()
    shape.from_object(body, depsgraph)
    shape.normal_update()
    bmesh.ops.delete(shape, geom=[v for v in shape.verts if v.co.z > face.neck_root[2] + 0.06], context="VERTS")
    for _ in range(5):
        bmesh.ops.smooth_vert(shape, verts=shape.verts, factor=0.5, use_axis_x=True, use_axis_y=True, use_axis_z=True)
    shape.normal_update()
    for vertex in shape.verts:
        vertex.co += vertex.normal * SHELL_OFFSET
    shape.normal_update()
    return shape


class Shirt:
    """Where collar, opening and placket of a character's shirt are."""

    def __init__(self, body, depsgraph, face):
        self.face = face
        self.shape = shell(body, depsgraph, face)
        self.surface = BVHTree.FromBMesh(self.shape)
        self.middle = np.array([0, face.neck_root[1], face.neck_root[2] + 0.006])
        self.front = self._neck_point(0.0)
        self.apex_z = self.front[2] - OPENING_DEPTH
        self.side = self._neck_point(np.radians(OPENING_HALF_ANGLE))

    def _neck_point(self, angle):
        """Where the neck opening's plane leaves the shell, looking outwards from the neck's middle; 0 is in front."""
        outwards = np.array([np.sin(angle), -np.cos(angle), 0.0])
        outwards[2] = -NECK_TILT * outwards[1]
        hit = self.surface.ray_cast(Vector(self.middle), Vector(outwards).normalized())[0]
        if hit is None:
            raise ValueError(f"the neck opening misses the body at {np.degrees(angle):.0f} degrees; adapt NECK_TILT")
        return np.array(hit)

    def _outside(self, point, distance):
        """The point, pushed out to at least a distance from the shell."""
        near, normal = self.surface.find_nearest(Vector(point))[:2]
        near, normal = np.array(near), np.array(normal)
        height = (point - near) @ normal
        return point if height >= distance else point + normal * (distance - height)

    def cut(self):
        """The shell without neck and opening; returns the bmesh, for the caller to turn into a mesh."""
        shape = self.shape.copy()
        plane = Vector((0, NECK_TILT, 1)).normalized()
        everything = shape.verts[:] + shape.edges[:] + shape.faces[:]
        bmesh.ops.bisect_plane(shape, geom=everything, plane_co=Vector(self.middle), plane_no=plane, clear_outer=True)
        slope = (self.side[2] - self.apex_z) / (self.side[0] + 0.004)
        for sign in (1, -1):
            front = [f for f in shape.faces if f.calc_center_median().y < self.middle[1]]
            near = {e for f in front for e in f.edges} | {v for f in front for v in f.verts} | set(front)
            bmesh.ops.bisect_plane(
                shape, geom=list(near), plane_co=Vector((0, 0, self.apex_z)),
                plane_no=Vector((sign * slope, 0, -1)).normalized(),
            )
        inside = [
            f for f in shape.faces
            if f.calc_center_median().y < self.middle[1]
            and f.calc_center_median().z - self.apex_z > slope * abs(f.calc_center_median().x)
        ]
        bmesh.ops.delete(shape, geom=inside, context="FACES")
        return shape

    def collar(self):
        """Stand and folded leaf, from one edge of the opening around the back to the other."""
        low = np.radians(OPENING_HALF_ANGLE)
        grid = []
        for angle in np.linspace(low, 2 * np.pi - low, COLLAR_COLUMNS):
            root = self._neck_point(angle)
            backness = 0.5 - 0.5 * np.cos(angle)
            tip = np.exp(-((min(angle, 2 * np.pi - angle) - low) / np.radians(32)) ** 2)
            outwards = np.array([np.sin(angle), -np.cos(angle), 0.0])
            inner = root - outwards * 0.004
            height = STAND * (0.62 + 0.38 * backness)
            top = inner + np.array([0, 0, height]) + outwards * 0.003
            rows = [inner + (top - inner) * t for t in (0.0, 0.5, 0.92)]
            rows.append(top + np.array([0, 0, 0.0025]) + outwards * 0.0035)
            point = top + outwards * 0.0065
            # The points of the collar spread sideways and down.
            aim = outwards * (0.55 - 0.25 * tip) + np.array([0.50 * np.sign(np.sin(angle)) * tip, 0, -1.0])
            aim /= np.linalg.norm(aim)
            leaf_rows = COLLAR_ROWS - 4
            for k in range(leaf_rows):
                width = (LEAF + POINT * tip) / leaf_rows
                point = self._outside(point + aim * width, 0.0045)
                rows.append(point)
            grid.append(rows)
        return grid_mesh(np.array(grid))

    def placket(self):
        """A band down from the opening's apex, a little in front of the shell."""
        grid = []
        for z in np.linspace(self.apex_z + 0.006, self.apex_z - 0.16, 40):
            row = []
            for x in np.linspace(-PLACKET_HALF_WIDTH, PLACKET_HALF_WIDTH, 7):
                hit = self.surface.ray_cast(Vector((x, -1.0, z)), Vector((0, 1, 0)))[0]
                row.append(np.array(hit) + [0, -0.0012, 0])
            grid.append(row)
        return grid_mesh(np.array(grid))

    def buttons(self):
        """Places of the buttons' middles."""
        heights = self.apex_z - 0.012 - BUTTON_SPACING * np.arange(3)
        hits = [self.surface.ray_cast(Vector((0, -1.0, z)), Vector((0, 1, 0)))[0] for z in heights]
        return [np.array(hit) + [0, -0.0036, 0] for hit in hits]


def grid_mesh(points):
    """A grid of points [columns, rows, 3] as quads."""
    columns, rows, _ = points.shape
    c, r = np.meshgrid(np.arange(columns - 1), np.arange(rows - 1), indexing="ij")
    first = c * rows + r
    corners = np.stack([first, first + rows, first + rows + 1, first + 1], -1).reshape(-1, 4)
    return points.reshape(-1, 3), np.full(len(corners), 4), corners.ravel()


def disc(middle, radius=BUTTON_RADIUS, segments=24):
    """A button: a shallow dish that faces the viewer."""
    angles = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    circle = np.stack([np.cos(angles), np.zeros(segments), np.sin(angles)], 1)
    grid = [middle + circle * radius * share + [0, depth, 0] for share, depth in
            ((1.0, 0.0016), (1.0, 0.0), (0.86, -0.0006), (0.70, 0.0), (0.35, 0.0001), (0.01, 0.0001))]
    points = np.array(grid).transpose(1, 0, 2)
    return grid_mesh(np.concatenate([points, points[:1]]))
