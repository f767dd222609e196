"""Paints a character's textures: skin with lips and redness, and the eyes. All of it is computed; no picture is read.

    python -m lipstream_studio.paint [--character ada]

writes `skin.png`, `gloss.png` and `eyes.png` in the character's work folder (about 40 seconds). Positions are metres of the
resting head, colours are sRGB 0-255.
"""

import argparse

import cv2
import numpy as np
from scipy.spatial import cKDTree

from . import characters
from .character import Character
from .face import Face
from .strands import lash_roots

SKIN_PX = 2048
EYES_PX = 1024

MOUTH = np.array([128, 50, 50.0])

# The mouth's cavity is unwrapped beyond this column and row (shares of the texture).
MOUTH_COLUMN, MOUTH_ROW = 0.74, 0.855

# The two discs of the eye texture: centre and iris radius, in pixels of EYES_PX (as the eye mesh is unwrapped).
EYE_DISCS = [(723, 305), (298, 725)]
IRIS_PX = 117
PUPIL_SHARE = 0.40
SCLERA = np.array([222, 214, 208.0])
SCLERA_RIM = np.array([205, 168, 156.0])


def smoothstep(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def noise(rng, size_px, grain_px):
    """Smooth noise of unit deviation with grains of about `grain_px`."""
    small = max(4, int(round(size_px / max(1, grain_px / 2))))
    field = cv2.GaussianBlur(rng.normal(size=(small, small)).astype(np.float32), (0, 0), 1.0)
    field = cv2.resize(field, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    return field / field.std()


def rasterise(triangles_uv, triangle_values, size_px):
    """Values of triangle corners [n,3,k] interpolated over a texture; returns the map and where it is covered."""
    channels = triangle_values.shape[2]
    values = np.zeros((size_px, size_px, channels), np.float32)
    covered = np.zeros((size_px, size_px), np.uint8)
    corners = triangles_uv * [size_px, -size_px] + [0, size_px] - 0.5
    for triangle, value in zip(corners, triangle_values):
        x0, y0 = np.maximum(np.floor(triangle.min(0)).astype(int) - 1, 0)
        x1, y1 = np.minimum(np.ceil(triangle.max(0)).astype(int) + 2, size_px)
        (ax, ay), (bx, by), (cx, cy) = triangle
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if abs(area) < 1e-9:
            continue
        x, y = np.meshgrid(np.arange(x0, x1), np.arange(y0, y1))
        v = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
        w = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
        inside = (v > -0.02) & (w > -0.02) & (v + w < 1.02)
        mixed = value[0] + v[..., None] * (value[1] - value[0]) + w[..., None] * (value[2] - value[0])
        values[y[inside], x[inside]] = mixed[inside]
        covered[y[inside], x[inside]] = 1
    return values, covered.astype(bool)


def spread(picture, covered, reach_px=4):
    """The picture continued a little beyond its covered part, so that no seam shows."""
    picture, covered = picture.copy(), covered.astype(np.float32)
    for _ in range(reach_px):
        weight = cv2.blur(covered, (3, 3))
        grown = cv2.blur(picture * covered[..., None], (3, 3)) / np.maximum(weight, 1e-6)[..., None]
        fresh = (covered == 0) & (weight > 0)
        picture[fresh] = grown[fresh]
        covered[fresh] = 1
    return picture


def blob(positions, centre, radii):
    """A soft spot of height 1 around a point, mirrored to the other side of the face."""
    folded = np.concatenate([np.abs(positions[..., :1]), positions[..., 1:]], -1)
    return np.exp(-0.5 * (((folded - centre) / radii) ** 2).sum(-1))


def lash_line(character, positions):
    """1 where the upper lashes leave the lid, falling to 0 within two millimetres."""
    line = np.zeros(positions.shape[:2])
    near = blob(positions, character.joints["eye.L"], [0.014, 0.02, 0.010]) > 0.1
    distance, _ = cKDTree(lash_roots(character)).query(positions[near], distance_upper_bound=0.004)
    line[near] = np.exp(-0.5 * (distance / 0.0015) ** 2)
    return line


def skin_maps(character, rng):
    """The skin's colour (sRGB) and a map of how glossy it is (lips more than cheeks)."""
    face, looks = Face(character), character.looks
    skin, blush, lip_colour, brow_colour, lash_colour, scalp_colour = (
        np.array(c, float) for c in (looks.skin, looks.blush, looks.lip, looks.brow_colour, looks.lash_line, looks.scalp)
    )
    positions = character.arrays["body_vertices"]
    per_vertex = np.c_[positions, character.arrays["body_lips"]]
    triangles, uvs = face.triangles_with_uv()
    field, covered = rasterise(uvs, per_vertex[triangles], SKIN_PX)
    where, lips = field[..., :3], field[..., 3]
    row, column = np.mgrid[:SKIN_PX, :SKIN_PX] / SKIN_PX
    mouth = ((column > MOUTH_COLUMN) & (row > MOUTH_ROW)).astype(np.float32)

    ear = smoothstep(0.066, 0.074, np.abs(where[..., 0])) * (where[..., 2] > 0.6)
    redness = (
        0.42 * blob(where, [0.043, -0.118, face.eye[2] - 0.038], [0.019, 0.03, 0.015])
        + 0.28 * blob(where, [0.0, -0.150, face.nose_z], [0.011, 0.015, 0.009])
        + 0.24 * blob(where, [0.014, -0.135, face.nose_z - 0.003], [0.006, 0.012, 0.006])
        + 0.22 * blob(where, [0.0, -0.140, face.chin_z + 0.012], [0.013, 0.02, 0.009])
        + 0.18 * blob(where, [face.eye[0], -0.115, face.eye[2] + 0.010], [0.014, 0.02, 0.006])
        + 0.16 * blob(where, [face.eye[0], -0.115, face.eye[2] - 0.011], [0.013, 0.02, 0.005])
        + 0.45 * ear
        + 0.20 * blob(where, [0.0, -0.14, face.mouth_z], [0.026, 0.02, 0.014])
    )
    mottle = 0.10 * noise(rng, SKIN_PX, 24) + 0.05 * noise(rng, SKIN_PX, 7)
    colour = skin + (blush - skin) * np.clip(redness * (1 + mottle) + 0.05 * mottle + 0.04, 0, 1)[..., None]
    colour += (1.9 * noise(rng, SKIN_PX, 2) + 1.8 * noise(rng, SKIN_PX, 40))[..., None]

    if looks.stubble:
        hairs = 0.85 + 0.3 * smoothstep(0.2, 1.6, noise(rng, SKIN_PX, 3))
        shade = looks.stubble * face.beard(where) * (1 + 0.15 * noise(rng, SKIN_PX, 120)) * hairs
        colour += 0.5 * np.clip(shade, 0, 1)[..., None] * (brow_colour * 1.25 - colour)

    lip = smoothstep(0.05, 0.16, lips + 0.012 * noise(rng, SKIN_PX, 5)) * face.vermilion(where)
    lines = 1 + 0.025 * noise(rng, SKIN_PX, 2)
    colour += 0.82 * lip[..., None] * (lip_colour * lines[..., None] - colour)
    seam = blob(where, [0.0, -0.132, face.mouth_z], [0.03, 0.006, 0.0022])
    colour *= 1 - 0.16 * (lip * seam)[..., None]

    brow = face.brow_shade(where)
    colour += looks.brow.shade * brow[..., None] * (brow_colour - colour)
    colour += 0.85 * lash_line(character, where)[..., None] * (lash_colour - colour)
    scalp = 0.95 * smoothstep(0.001, 0.014, face.above_hairline(where))
    colour += scalp[..., None] * (scalp_colour - colour)
    colour += mouth[..., None] * (MOUTH - colour)

    gloss = 0.35 * lip + 0.25 * blob(where, [0.0, -0.150, face.nose_z], [0.012, 0.02, 0.02]) + 0.5 * mouth
    return spread(colour, covered), spread(gloss[..., None].repeat(3, -1) * 255, covered)


def eyes(looks, rng):
    """Both eyeballs."""
    inner, outer = np.array(looks.iris_inner, float), np.array(looks.iris_outer, float)
    y, x = np.mgrid[:EYES_PX, :EYES_PX].astype(np.float32)
    picture = np.tile(SCLERA, (EYES_PX, EYES_PX, 1))
    for centre_x, centre_y in EYE_DISCS:
        radius = np.hypot(x - centre_x, y - centre_y) / IRIS_PX
        angle = np.arctan2(y - centre_y, x - centre_x)
        fibres = sum(
            np.cos(angle * k + phase + 1.3 * np.sin(3 * radius + phase)) / np.sqrt(k)
            for k, phase in zip(rng.integers(14, 120, 40), rng.uniform(0, 6.28, 40))
        )
        fibres = fibres / fibres.std()
        ball = SCLERA + (SCLERA_RIM - SCLERA) * smoothstep(1.3, 2.4, radius)[..., None]
        blend = smoothstep(PUPIL_SHARE, 0.95, radius)[..., None]
        iris = inner + (outer - inner) * blend
        iris = iris * (1 + 0.16 * fibres * (1 - 0.5 * blend[..., 0]))[..., None]
        iris = iris * (1 - 0.65 * smoothstep(0.82, 1.0, radius))[..., None]
        iris = iris * smoothstep(PUPIL_SHARE - 0.03, PUPIL_SHARE + 0.05, radius)[..., None] + 6
        eye = ball + (iris - ball) * (1 - smoothstep(0.96, 1.06, radius))[..., None]
        here = radius < 2.6
        picture[here] = eye[here]
    return picture


def write(path, picture):
    cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8)[..., ::-1])


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    characters.add_argument(arguments)
    looks = arguments.parse_args().character
    colour, gloss = skin_maps(Character(looks), np.random.default_rng(looks.seeds.skin))
    write(looks.folder / "skin.png", colour)
    write(looks.folder / "gloss.png", gloss)
    write(looks.folder / "eyes.png", eyes(looks, np.random.default_rng(looks.seeds.eyes)))
    print(f"wrote skin.png, gloss.png and eyes.png in {looks.folder}")
