"""Builds the head of an avatar from MakeHuman's CC0 data: meshes, one vertex delta per face unit, neck weights.

    python -m lipstream_studio.character [--character ada]

writes `character.npz` in the character's work folder (about 3 seconds). All lengths are metres, axes are Blender's
(x to her left, y backwards, z up). Only numpy is needed.
"""

import argparse
import json

import numpy as np

from . import characters
from .workspace import MAKEHUMAN

DATA = MAKEHUMAN / "data"
ASSETS = MAKEHUMAN / "assets"
FILE = "character.npz"

METRES_PER_UNIT = 0.1  # MakeHuman counts in decimetres

# The pose units (of MakeHuman's face-poseunits) and expression targets kept in the character file.
UNITS = [
    "JawDrop", "UpperLipUp", "UpperLipBackward", "lowerLipUp", "lowerLipDown", "lowerLipBackward", "LipsKiss",
    "MouthLeftPullSide", "MouthRightPullSide", "MouthLeftPullUp", "MouthRightPullUp",
    "TonguePointUp", "TongueOut", "LeftEyeDown", "RightEyeDown", "LeftEyeUp", "RightEyeUp",
    "LeftEyeturnLeft", "RightEyeturnLeft", "LeftEyeturnRight", "RightEyeturnRight",
    "LeftInnerBrowUp", "RightInnerBrowUp", "LeftOuterBrowUp", "RightOuterBrowUp",
]
TARGET_UNITS = ["eye-left-closure", "eye-right-closure"]

LIP_TARGETS = ["mouth/mouth-upperlip-volume-incr", "mouth/mouth-lowerlip-volume-incr"]

PROXIES = {
    "lash": ASSETS / "eyelashes/eyelashes02/eyelashes02.mhclo",
    "teeth": ASSETS / "teeth/teeth_base/teeth_base.mhclo",
    "tongue": ASSETS / "tongue/tongue01/tongue01.mhclo",
    "eyes": DATA / "eyes/high-poly/high-poly.mhclo",
}


def proxies(looks):
    """The meshes bound to the base mesh, by name: what everybody has, and the character's own hair and clothes."""
    own = {}
    if looks.sheets:
        own["hair"] = ASSETS / f"hair/{looks.sheets.asset}/{looks.sheets.asset}.mhclo"
    if looks.clothes:
        own["clothes"] = ASSETS / f"clothes/{looks.clothes}/{looks.clothes}.mhclo"
    return PROXIES | own


# The mouth's pull fades out below the chin, below the eyes and towards the ears, so that nothing moves with the mouth
# outside the crop rectangle. Decimetres from the chin's or the eyes' height and from the middle: no pull, full pull.
CHIN_FADE = (-0.28, -0.08)
EYE_FADE = (-0.13, -0.23)
EAR_FADE = (0.66, 0.52)

BUST_DEPTH = 4.6  # decimetres of body kept below the root of the neck
ARM_DROP_DEGREES = 38.0  # from the A pose of the source to hanging arms
CLAVICLE_DROP_DEGREES = 4.0

# Decimetres to the side, up and forwards.
UPPER_TEETH_MOVE, LOWER_TEETH_MOVE, TONGUE_MOVE = (0, -0.006, -0.010), (0, -0.030, -0.010), (0, 0.015, 0)
TEETH_WIDTH = 0.90

NECK_BONES = ["neck02", "neck03", "head"]  # the chain that carries head motion


def to_metres(a):
    """Positions or offsets of MakeHuman (y up, decimetres) as Blender's (z up, metres)."""
    a = np.asarray(a)
    return np.stack([a[..., 0], -a[..., 2], a[..., 1]], -1) * METRES_PER_UNIT


def load_obj(path):
    """Vertices, texture coordinates, faces, texture indices of faces and group name of each face."""
    vertices, uvs, faces, face_uvs, groups, group = [], [], [], [], [], ""
    for line in open(path):
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append([float(x) for x in words[1:4]])
        elif words[0] == "vt":
            uvs.append([float(x) for x in words[1:3]])
        elif words[0] == "g":
            group = words[1]
        elif words[0] == "f":
            corners = [w.split("/") for w in words[1:]]
            faces.append([int(c[0]) - 1 for c in corners])
            face_uvs.append([int(c[1]) - 1 if len(c) > 1 and c[1] else 0 for c in corners])
            groups.append(group)
    return np.array(vertices), np.array(uvs or [[0.0, 0.0]]), faces, face_uvs, groups


def load_target(path, vertex_count):
    """A shape target as a dense array of offsets."""
    offsets = np.zeros((vertex_count, 3))
    for line in open(path):
        words = line.split()
        if words and not words[0].startswith("#"):
            offsets[int(words[0])] = [float(x) for x in words[1:4]]
    return offsets


class Proxy:
    """A mesh bound to triangles of the base mesh (MakeHuman's mhclo), which follows whatever the base does."""

    def __init__(self, path):
        self.scales, self.indices, self.weights, self.offsets = {}, [], [], []
        section = None
        for line in open(path):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] in ("x_scale", "y_scale", "z_scale"):
                self.scales["xyz".index(words[0][0])] = (int(words[1]), int(words[2]), float(words[3]))
            elif words[0] == "obj_file":
                self.obj = path.parent / words[1]
            elif words[0] in ("verts", "weights", "delete_verts"):
                section = words[0]
            elif section == "verts" and words[0].isdigit():
                if len(words) == 1:
                    self._bind([int(words[0])] * 3, [1, 0, 0], [0, 0, 0])
                else:
                    numbers = [float(x) for x in words[:9]]
                    self._bind([int(x) for x in numbers[:3]], numbers[3:6], numbers[6:9])
        self.indices, self.weights = np.array(self.indices), np.array(self.weights)
        self.offsets = np.array(self.offsets)

    def _bind(self, indices, weights, offsets):
        self.indices.append(indices)
        self.weights.append(weights)
        self.offsets.append(offsets)

    def blend(self, per_vertex):
        """Any value of the base's vertices, blended to the proxy's."""
        return (per_vertex[self.indices] * self.weights[:, :, None]).sum(1)

    def fit(self, base, reference):
        """The proxy's vertices on `base`; offsets are scaled by distances measured on `reference`."""
        scale = np.ones(3)
        for axis, (a, b, length) in self.scales.items():
            scale[axis] = abs(reference[a][axis] - reference[b][axis]) / length
        return self.blend(base) + self.offsets * scale


def rotation(order, degrees):
    """Product of elementary rotations, for example rotation('ZX', [10, 5])."""
    result = np.eye(3)
    for axis, angle in zip(order, np.deg2rad(degrees)):
        c, s = np.cos(angle), np.sin(angle)
        result = result @ {
            "X": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
            "Y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
            "Z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
        }[axis]
    return result


class Rig:
    """The default skeleton placed in a body, with linear blend skinning."""

    def __init__(self, vertices):
        skeleton = json.load(open(DATA / "rigs/default.mhskel"))
        weights = json.load(open(DATA / "rigs/default_weights.mhw"))["weights"]
        bones = skeleton["bones"]
        self.names = list(bones)
        self.parents = {b: bones[b]["parent"] for b in bones}
        self.heads = {b: vertices[skeleton["joints"][bones[b]["head"]]].mean(0) for b in bones}
        self.weights = np.zeros((len(vertices), len(self.names)))
        for column, bone in enumerate(self.names):
            for vertex, weight in weights.get(bone, []):
                self.weights[vertex, column] = weight
        total = self.weights.sum(1, keepdims=True)
        self.weights /= np.where(total == 0, 1, total)

    def descends_from(self, bone, ancestor):
        while bone:
            if bone == ancestor:
                return True
            bone = self.parents[bone]
        return False

    def pose(self, vertices, rotations):
        """The vertices with `rotations` (bone name -> 3x3) applied about the bones' heads."""
        matrices = {}

        def matrix(bone):
            if bone not in matrices:
                own = np.eye(4)
                own[:3, :3] = rotations.get(bone, np.eye(3))
                own[:3, 3] = self.heads[bone] - own[:3, :3] @ self.heads[bone]
                parent = self.parents[bone]
                matrices[bone] = matrix(parent) @ own if parent else own
            return matrices[bone]

        homogeneous = np.c_[vertices, np.ones(len(vertices))]
        result = vertices.copy()
        for column, bone in enumerate(self.names):
            if not np.allclose(matrix(bone), np.eye(4)):
                moved = (homogeneous @ matrix(bone).T)[:, :3]
                result += self.weights[:, column : column + 1] * (moved - vertices)
        return result

    def neck_weights(self):
        """Per vertex the weights of NECK_BONES, a bone's column holding its face bones as well."""
        columns = []
        for bone, child in zip(NECK_BONES, NECK_BONES[1:] + [None]):
            own = [self.descends_from(b, bone) and not (child and self.descends_from(b, child)) for b in self.names]
            columns.append(self.weights[:, own].sum(1))
        return np.stack(columns, 1)


def pose_units():
    """Bone rotations of each face pose unit, read from the frames of a motion file."""
    lines = open(DATA / "poseunits/face-poseunits.bvh").read().split("\n")
    joints, motion = [], 0
    for number, line in enumerate(lines):
        words = line.split()
        if not words:
            continue
        if words[0] in ("ROOT", "JOINT"):
            joints.append((words[1], []))
        elif words[0] == "CHANNELS":
            joints[-1][1].extend(words[2:])
        elif words[0] == "MOTION":
            motion = number
            break
    frames = [[float(x) for x in line.split()] for line in lines[motion + 3 :] if line.strip()]
    names = json.load(open(DATA / "poseunits/face-poseunits.json"))["framemapping"]
    upright = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float)  # the file is z up
    units = {}
    for name, values in zip(names, frames):
        offset, rotations = 0, {}
        for joint, channels in joints:
            turns = [(c[0], v) for c, v in zip(channels, values[offset:]) if c.endswith("rotation")]
            offset += len(channels)
            if any(abs(v) > 1e-4 for _, v in turns):
                turn = rotation([axis for axis, _ in turns], [v for _, v in turns])
                rotations[joint] = upright @ turn @ upright.T
        units[name] = rotations
    return units


def mirrored(shape):
    """The shape table with every 'l-' target repeated for the right side."""
    both = dict(shape)
    for name, weight in shape.items():
        if "/l-" in name:
            both[name.replace("/l-", "/r-")] = weight
    return both


def faded(height, none, full):
    """0 at the height `none`, 1 at `full` and beyond."""
    return np.clip((height - none) / (full - none), 0, 1)


def load_lips(target, vertex_count):
    """How much each vertex belongs to a lip, 0..1: by how far a target that fills this lip moves it."""
    amount = np.linalg.norm(load_target(DATA / f"targets/{target}.target", vertex_count), axis=1)
    return amount / amount.max()


def chin_height(body, lips):
    """The lowest point of the face below the lips, in decimetres."""
    below = np.median(lips[:, 1]) - 0.36
    face = (np.abs(body[:, 0]) < 0.04) & (body[:, 2] > 1.1) & (np.abs(body[:, 1] - below) < 0.24)
    return body[face, 1].min()


def relaxed_arms(rig, vertices):
    turns = {}
    for side, sign in (("L", -1), ("R", 1)):
        turns["upperarm01." + side] = rotation("Z", [sign * ARM_DROP_DEGREES])
        turns["clavicle." + side] = rotation("Z", [sign * CLAVICLE_DROP_DEGREES])
    return rig.pose(vertices, turns)


def showing(teeth):
    """Teeth moved so that speech shows the upper ones more than the lower ones."""
    upper = teeth[:, 1:2] > np.median(teeth[:, 1])
    moved = teeth + np.where(upper, UPPER_TEETH_MOVE, LOWER_TEETH_MOVE)
    moved[:, 0] *= TEETH_WIDTH  # a narrower arch leaves the corners of the mouth dark
    return moved


def build(looks):
    """All arrays of the character file by name, for a table of shape targets."""
    base, uvs, faces, face_uvs, groups = load_obj(DATA / "3dobjs/base.obj")
    count = len(base)
    for name, weight in mirrored(looks.shape).items():
        base = base + weight * load_target(DATA / f"targets/{name}.target", count)
    base = relaxed_arms(Rig(base), base)
    rig = Rig(base)

    poses = pose_units()
    deltas = {name: rig.pose(base, poses[name]) - base for name in UNITS}
    height = base[:, 1:2] - rig.heads["eye.L"][1]
    kept = [i for i, g in enumerate(groups) if g == "body"]
    lips = np.max([load_lips(target, count) for target in LIP_TARGETS], 0)
    chin = chin_height(base[sorted({v for i in kept for v in faces[i]})], base[lips > 0.5])
    fade = faded(base[:, 1:2] - chin, *CHIN_FADE) * faded(height, *EYE_FADE) * faded(np.abs(base[:, :1]), *EAR_FADE)
    deltas = {name: delta if "Eye" in name or "Brow" in name else delta * fade for name, delta in deltas.items()}
    deltas = {name: delta * looks.unit_strength.get(name, 1.0) for name, delta in deltas.items()}
    for name in TARGET_UNITS:
        deltas[name] = load_target(DATA / f"targets/expression/units/caucasian/{name}.target", count)
    neck = rig.neck_weights()

    arrays = {
        "units": np.array(list(deltas)),
        "joint_names": np.array(rig.names),
        "joints": to_metres(np.array([rig.heads[b] for b in rig.names])),
    }

    def put(name, vertices, mesh_faces, mesh_face_uvs, mesh_uvs, mesh_deltas, mesh_neck):
        arrays[name + "_vertices"] = to_metres(vertices)
        arrays[name + "_sizes"] = np.array([len(f) for f in mesh_faces])
        arrays[name + "_corners"] = np.concatenate([np.array(f) for f in mesh_faces])
        arrays[name + "_uv"] = mesh_uvs[np.concatenate([np.array(f) for f in mesh_face_uvs])]
        arrays[name + "_deltas"] = to_metres(np.array(mesh_deltas)).astype(np.float32)
        arrays[name + "_neck"] = mesh_neck

    floor = rig.heads["neck01"][1] - BUST_DEPTH
    bound = {name: Proxy(path) for name, path in proxies(looks).items()}
    kept = [i for i in kept if all(base[v][1] > floor for v in faces[i])]
    ids = sorted({v for i in kept for v in faces[i]})
    renumber = {old: new for new, old in enumerate(ids)}
    put("body", base[ids], [[renumber[v] for v in faces[i]] for i in kept], [face_uvs[i] for i in kept], uvs,
        [d[ids] for d in deltas.values()], neck[ids])
    arrays["body_lips"] = lips[ids]

    for name, proxy in bound.items():
        _, proxy_uvs, proxy_faces, proxy_face_uvs, _ = load_obj(proxy.obj)
        fitted = proxy.fit(base, base)
        if name == "teeth":
            fitted = showing(fitted)
        if name == "tongue":
            fitted = fitted + TONGUE_MOVE
        put(name, fitted, proxy_faces, proxy_face_uvs, proxy_uvs,
            [proxy.fit(base + d, base) - proxy.fit(base, base) for d in deltas.values()], proxy.blend(neck))
    return arrays


class Character:
    """The character file in memory: rest meshes, and their vertices under units, head pose and breath."""

    MESHES = ["body", *PROXIES]

    def __init__(self, looks):
        self.looks = looks
        self.arrays = dict(np.load(looks.folder / FILE))
        self.units = {name: i for i, name in enumerate(self.arrays["units"])}
        self.joints = dict(zip(self.arrays["joint_names"], self.arrays["joints"]))

    def vertices(self, mesh, units, head_matrices):
        """Vertices [n,3] with unit weights (name -> weight) and the matrices of NECK_BONES applied."""
        rest = self.arrays[mesh + "_vertices"].astype(np.float64)
        deltas = self.arrays[mesh + "_deltas"]
        for name, weight in units.items():
            if weight:
                rest = rest + weight * deltas[self.units[name]]
        return self.carried(rest, self.arrays[mesh + "_neck"], head_matrices)

    @staticmethod
    def carried(vertices, neck, head_matrices):
        """Vertices carried along by the neck's bones, by their weights [n,3]."""
        homogeneous = np.c_[vertices, np.ones(len(vertices))]
        result = vertices.copy()
        for column, matrix in enumerate(head_matrices):
            result += neck[:, column : column + 1] * ((homogeneous @ matrix.T)[:, :3] - vertices)
        return result

    def head_matrices(self, yaw, pitch, roll):
        """World matrices of NECK_BONES for a head turned by degrees (positive: to her left, down, to her left)."""
        matrices, chain = [], np.eye(4)
        for bone, share in zip(NECK_BONES, (0.25, 0.25, 0.5)):
            own = np.eye(4)
            own[:3, :3] = rotation("ZXY", [share * yaw, share * pitch, share * roll])
            own[:3, 3] = self.joints[bone] - own[:3, :3] @ self.joints[bone]
            chain = chain @ own
            matrices.append(chain)
        return matrices


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    characters.add_argument(arguments)
    looks = arguments.parse_args().character
    looks.folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(looks.folder / FILE, **build(looks))
    print(f"wrote {looks.folder / FILE}")
