"""Pictures of how an avatar comes about, for the documentation: one of each stage, and a chart of its mouths.

    python -m lipstream_studio.stages [--character ada]

writes `docs/pictures/NAME-*.jpg` (about 3 minutes); wants what `character`, `paint`, `shots` and `render` made.
"""

import argparse
import dataclasses
import json

import cv2
import numpy as np

from . import characters, mouth
from .character import build
from .frame import HEIGHT_PX, WIDTH_PX, painted
from .pictures import background, load_over
from .scene import Material, Studio, add_mesh, subdivided
from .workspace import REPOSITORY

FOLDER = REPOSITORY / "docs" / "pictures"
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 88, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
SAMPLES = 6
FRAME = 0
PART = [360, 20, 920, 580]  # of a full picture: head and shoulders
CHART_COLUMNS, CHART_CELL_PX = 6, 150
INK, SIGNAL = (40, 40, 40), (60, 200, 60)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    characters.add_argument(arguments)
    looks = arguments.parse_args().character
    FOLDER.mkdir(parents=True, exist_ok=True)
    stages = Stages(looks)
    for name, picture in (
        ("1-base", stages.base()),
        ("2-shape", stages.shape()),
        ("3-skin", stages.skin()),
        ("4-hair", stages.hair()),
        ("5-render", stages.whole()),
        ("6-crop", stages.crop()),
        ("7-mouths", stages.mouths()),
    ):
        path = FOLDER / f"{looks.name}-{name}.jpg"
        cv2.imwrite(str(path), picture, JPEG)
        print(f"wrote {path}", flush=True)


class Stages:
    """One photo studio in which the stages are shown one after the other."""

    def __init__(self, looks):
        self.looks, self.studio = looks, Studio(looks, SAMPLES, 2)
        self.pose = looks.idle.pose(FRAME)
        self.rectangle = json.loads((looks.renders / "rects.json").read_text())[FRAME]
        self.wall = background()
        self.layer = self.studio.scene.view_layers[0]
        self.clay = Material("clay", roughness=0.6, specular=0.3, colour=(0.50, 0.47, 0.44)).material

    def base(self):
        """MakeHuman's base mesh, before any target, its eyes where the character's are."""
        plain = build(dataclasses.replace(self.looks, shape={}))
        eye = dict(zip(plain["joint_names"], plain["joints"]))["eye.L"]
        move = [0, *(self.studio.face.eye - eye)[1:]]
        shown = []
        for name in ("body", "eyes"):
            shape = [plain[f"{name}_{part}"] for part in ("sizes", "corners", "uv")]
            shown.append(subdivided(add_mesh(name, plain[f"{name}_vertices"] + move, *shape), 1))
        picture = self._show(shown)
        for thing in shown:
            thing.hide_render = True
        return picture

    def shape(self):
        """The character's own shape."""
        self.studio.pose(self.pose)
        return self._show([self.studio.meshes["body"], self.studio.meshes["eyes"]])

    def skin(self):
        """The face's part of the painted skin, as it is unwrapped."""
        picture = cv2.imread(str(self.looks.folder / "skin.png"))
        height, width = picture.shape[:2]
        face = cv2.rotate(picture[int(0.15 * height) : int(0.85 * height), int(0.66 * width) :], cv2.ROTATE_90_CLOCKWISE)
        return cv2.resize(face, (560, 560 * face.shape[0] // face.shape[1]), interpolation=cv2.INTER_AREA)

    def hair(self):
        """The strands alone."""
        return self._show(self.studio.hair[1:], clay=False)

    def whole(self):
        """An idle frame."""
        return cv2.resize(self._idle(), (WIDTH_PX * 3 // 4, HEIGHT_PX * 3 // 4), interpolation=cv2.INTER_AREA)

    def crop(self):
        """What the generator sees, and the part of it that it paints."""
        picture = self._idle()
        for (x1, y1, x2, y2), colour in ((self.rectangle, INK), (painted(self.rectangle), SIGNAL)):
            cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), colour, 2)
        return _part(picture)

    def mouths(self):
        """Every viseme, by name."""
        cells = []
        self.studio.show_far_hair(False)
        for name, viseme in mouth.VISEMES.items():
            pose = self.looks.idle.pose(FRAME)
            pose.units = pose.units | {k: pose.units.get(k, 0) + v for k, v in mouth.units(viseme).items()}
            self.studio.pose(pose)
            x1, y1, x2, y2 = painted(self.rectangle)
            cell = self._render([x1, y1, x2, y2])[: x2 - x1, : x2 - x1]
            cell = cv2.resize(cell, (CHART_CELL_PX, CHART_CELL_PX), interpolation=cv2.INTER_CUBIC)
            cv2.putText(cell, name, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, INK, 1, cv2.LINE_AA)
            cells.append(cell)
        cells += [np.full_like(cells[0], 255)] * (-len(cells) % CHART_COLUMNS)
        rows = [np.hstack(cells[n : n + CHART_COLUMNS]) for n in range(0, len(cells), CHART_COLUMNS)]
        return np.vstack(rows)

    def _idle(self):
        return load_over(self.looks.renders / f"idle/{FRAME:05d}.png", self.wall)

    def _show(self, shown, clay=True):
        """Some of the studio's objects, in clay or as they are, without the others."""
        everything = (*self.studio.meshes.values(), *self.studio.rigid, *self.studio.worn)
        before = [thing.hide_render for thing in everything]
        for thing in everything:
            thing.hide_render = thing not in shown
        self.layer.material_override = self.clay if clay else None
        picture = self._render(PART)
        self.layer.material_override = None
        for thing, hidden in zip(everything, before):
            thing.hide_render = hidden
        return picture

    def _render(self, rectangle):
        path = self.looks.folder / "stage.png"
        self.studio.render(path, rectangle)
        return load_over(path, self.wall, rectangle)


def _part(picture):
    x1, y1, x2, y2 = PART
    return picture[y1:y2, x1:x2]


if __name__ == "__main__":
    main()
