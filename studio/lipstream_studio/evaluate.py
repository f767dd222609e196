"""Measures the mouth of a shipped avatar in the videos that ``lipstream render`` makes of it.

    studio/evaluate [--avatar ada] [--write-docs]

Speech with known phonemes, recordings of a person, sounds that are not speech and ten languages are rendered;
the mouth is read off the videos' frames by ``mouth_reader`` and compared with what the phonemes ask for.
Everything comes from the avatar's package; only the comparison with clean renders needs those
(``--renders``). Writes a table and pictures to ``work/evaluation/AVATAR``, or with ``--write-docs`` to ``docs``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime

from lipstream_studio import features, languages, mouth, mouth_reader, trials
from lipstream_studio.frame import PAINTED
from lipstream_studio.mouth_reader import BOX, MouthReader
from lipstream_studio.trials import Track, Trial
from lipstream_studio.workspace import REPOSITORY, STUDIO, WORK

LAUNCHER = Path(os.environ.get("LIPSTREAM", REPOSITORY / "lipstream")).resolve()
FPS = features.FRAMES_PER_SECOND
# Lips whose middles are nearer than this touch.
CLOSED_MM = 1.5
LONGEST_LAG = 4
SHUT_WITHIN_SECONDS = 0.12
CONTACT = frozenset({"p", "b", "m", "em"})
TILE_PX = 104
TILES_A_ROW = 9
MASKED = slice(5, 310), slice(5, 315)


@dataclass(frozen=True)
class Line:
    """One line of the table; ``met`` is None where nothing could be measured."""

    number: str
    what: str
    target: str
    figure: str
    met: bool | None


@dataclass(frozen=True)
class Rendered:
    """Crops of a video's frames from its ``first`` on, what was read from them, and how much each frame
    differs from the one before outside the crops."""

    first: int
    crops: np.ndarray
    readings: np.ndarray
    outside: np.ndarray

    @property
    def opening(self) -> np.ndarray:
        return self.readings[:, 0]

    def part(self, first: int, count: int) -> Rendered:
        chosen = slice(first, first + count)
        return Rendered(self.first + first, self.crops[chosen], self.readings[chosen], self.outside[chosen])


class Avatar:
    """A package, and the program that renders it."""

    def __init__(self, name: str, work: Path) -> None:
        self.name, self.work = name, work
        self.folder = REPOSITORY / "avatars" / name
        self.rectangles = json.loads((self.folder / "rectangles.json").read_text())
        self.ping_pong = "order: cyclic" not in (self.folder / "avatar.yaml").read_text()
        frames = sorted((self.folder / "frames").iterdir())
        self.frames = [cv2.imread(str(path)) for path in frames]
        self.reader: MouthReader = mouth_reader.load(STUDIO / "readers" / f"{name}.csv")
        work.mkdir(parents=True, exist_ok=True)

    def index(self, output_frame: int) -> int:
        count = len(self.frames)
        if not self.ping_pong:
            return output_frame % count
        turn = (output_frame + 1) % (2 * count - 2)
        return turn if turn < count else 2 * count - 2 - turn

    def crop(self, picture: np.ndarray, output_frame: int) -> np.ndarray:
        x1, y1, x2, y2 = self.rectangles[self.index(output_frame)]
        return picture[y1:y2, x1:x2]

    def render(self, name: str, samples: np.ndarray) -> Rendered:
        """The video of a sound; sound and video stay in the work folder, to look at."""
        sound, video = self.work / f"{name}.wav", self.work / f"{name}.mp4"
        features.write_wav(sound, samples)
        command = [str(LAUNCHER), "render", "--quiet", "--avatar", str(self.folder)]
        command += ["--audio", str(sound), "--out", str(video)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()}")
        reading, crops, outside, before = cv2.VideoCapture(str(video)), [], [], None
        while (got := reading.read())[0]:
            crops.append(self.crop(got[1], len(crops)).copy())
            rest = got[1][:, : min(r[0] for r in self.rectangles)]
            outside.append(0.0 if before is None else float(cv2.absdiff(rest, before).mean()))
            before = rest
        crops = np.stack(crops)
        readings = self.reader.read(np.stack([grey(crop) for crop in crops]))
        return Rendered(0, crops, readings, np.array(outside))

    def drawn_changes(self, samples: np.ndarray) -> np.ndarray:
        """What the networks add to each frame's mouth while they hear a sound: [frames, height, width, 3]."""
        models = self.folder / "models"
        encoder = session(str(models / "audio_encoder.onnx"))
        generator = session(str(served(models)))
        windows = features.encoder_windows(features.mel(samples))
        heard = encoder.run(None, {encoder.get_inputs()[0].name: windows})[0]
        contexts, changes = features.context(heard).astype(np.float32), []
        for first in range(0, len(contexts), 8):
            part = contexts[first : first + 8]
            numbers = range(first, first + len(part))
            visual = np.stack([generator_input(self.crop(self.frames[self.index(i)], i)) for i in numbers])
            feed = {i.name: {6: visual, 32: part}[i.shape[1]] for i in generator.get_inputs()}
            drawn = generator.run(None, feed)[0] - visual[:, :3]
            changes.append(mouth_box(drawn.transpose(0, 2, 3, 1)))
        return np.concatenate(changes)

    @property
    def period(self) -> int:
        return 2 * len(self.frames) - 2 if self.ping_pong else len(self.frames)


def grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)


def mouth_box(crops: np.ndarray) -> np.ndarray:
    """The middle of crops [n, side, side, ...], where the mouth is."""
    side = crops.shape[1]
    top, bottom, left, right = (round(share * side) for share in BOX)
    return crops[:, top:bottom, left:right]


# ---------------------------------------------------------------------------------------- speech


@dataclass(frozen=True)
class Speech:
    """Readings and truth of the trials of one kind, one after the other."""

    correlation: float
    lag: int
    closed: float
    contacts: int
    rounding: float
    lip_teeth: float
    shut_seconds: list[float]


def judge(track: Track, rendered: Rendered, wanted: list[np.ndarray]) -> tuple[float, int]:
    """Best correlation of opening at no lag, and the lag where it would be best, in frames."""

    def at(lag: int) -> float:
        read, asked = [], []
        for first, truth in zip(track.first_frames, wanted):
            frames = np.arange(first, first + len(truth)) + lag
            inside = (frames >= 0) & (frames < len(rendered.opening))
            read.append(rendered.opening[frames[inside]])
            asked.append(truth[inside])
        return float(np.corrcoef(np.concatenate(read), np.concatenate(asked))[0, 1])

    by_lag = {lag: at(lag) for lag in range(-LONGEST_LAG, LONGEST_LAG + 1)}
    return by_lag[0], max(by_lag, key=by_lag.get)


def measure_speech(track: Track, rendered: Rendered) -> Speech:
    counts = [int(trial.seconds * FPS) + 6 for trial in track.trials]
    truths = [trials.truth(trial, n) for trial, n in zip(track.trials, counts)]
    correlation, lag = judge(track, rendered, [mouth.opening_mm(truth) for truth in truths])
    closed, teeth, widths, shut = [], [], {"iy": [], "uw": []}, []
    for trial, first in zip(track.trials, track.first_frames):
        start, end_of_speech = 0.0, 0.0
        for phoneme, end in trial.segments:
            inside = frames_between(first, start - 0.03, end + 0.01, len(rendered.opening))
            if phoneme in CONTACT and len(inside):
                closed.append(rendered.opening[inside].min() < CLOSED_MM)
            if phoneme in ("f", "v") and len(inside):
                teeth.append(rendered.readings[inside, 2].max() > 0.5)
            kind = {"iy": "iy", "uw": "uw", "w": "uw"}.get(phoneme)
            if kind and end - start > 0.05:
                middle = first + int((start + end) / 2 * FPS)
                widths[kind].append(rendered.readings[min(middle, len(rendered.readings) - 1), 1])
            start = end
            end_of_speech = end if phoneme != "pau" else end_of_speech
        shut.append(seconds_until_shut(rendered.opening, first, end_of_speech))
    ee, oo = np.array(widths["iy"]), np.array(widths["uw"])
    spread = np.sqrt((ee.var() + oo.var()) / 2)
    return Speech(
        correlation, lag, float(np.mean(closed)), len(closed), float((ee.mean() - oo.mean()) / spread),
        float(np.mean(teeth)) if teeth else float("nan"), shut,
    )  # fmt: skip


def frames_between(first: int, start: float, end: float, count: int) -> np.ndarray:
    """Frames whose middle of display lies in a stretch of a trial."""
    frames = np.arange(first, count)
    middles = (frames - first + 0.5) / FPS
    return frames[(middles >= start) & (middles <= end)]


def seconds_until_shut(opening: np.ndarray, first: int, end_of_speech: float) -> float:
    """From the end of speech to the first frame from which the mouth stays shut for half a second."""
    last = min(first + int((end_of_speech + 0.7) * FPS), len(opening))
    begin = first + int(end_of_speech * FPS)
    open_frames = np.flatnonzero(opening[begin:last] >= CLOSED_MM)
    shut = begin + (open_frames[-1] + 1 if len(open_frames) else 0)
    return max(0.0, (shut - first) / FPS - end_of_speech)


def speech_lines(measured: dict[str, Speech]) -> list[Line]:
    lines = []
    names = {"a": "(a) training voices", "b": "(b) unseen voice", "c": "(c) a person", "d": "(d) built-in voice"}
    for kind, target in (("a", 0.85), ("b", 0.75), ("c", 0.6), ("d", 0.85)):
        speech = measured[kind]
        figure = f"{speech.correlation:.2f}, best at {speech.lag:+d} frames"
        met = speech.correlation >= target and abs(speech.lag) <= 1
        lines.append(Line("1", f"opening, {names[kind]}", f"r >= {target}, lag within 1 frame", figure, met))
    for kind, target in (("a", 0.95), ("b", 0.85), ("d", 0.95)):
        speech = measured[kind]
        figure = f"{100 * speech.closed:.0f} % of {speech.contacts}"
        lines.append(Line("2", f"lips closed on p b m, {names[kind]}", f">= {100 * target:.0f} %", figure, speech.closed >= target))
    for kind in "abd":
        rounding = measured[kind].rounding
        lines.append(Line("2", f"\"oo\", \"w\" narrower than \"ee\", {names[kind]}", ">= 2 sd", f"{rounding:.1f} sd", rounding >= 2))
    for kind in "abd":
        share = measured[kind].lip_teeth
        lines.append(Line("2", f"lip at the teeth on f v, {names[kind]}", "most", f"{100 * share:.0f} %", share > 0.5))
    # Where the person stops is known to a tenth of a second only.
    shut = [seconds for kind in "abd" for seconds in measured[kind].shut_seconds]
    share = float(np.mean([s <= SHUT_WITHIN_SECONDS for s in shut]))
    figure = f"{100 * share:.0f} % of {len(shut)}, latest {1000 * max(shut):.0f} ms"
    lines.append(Line("3", "shut after the end of speech", "within 120 ms", figure, share == 1))
    return lines


# ---------------------------------------------------------------------------------------- quiet


def quiet_lines(avatar: Avatar, track: Track, rendered: Rendered) -> list[Line]:
    """Openings in the video; movement as drawn, for a coder alone moves every pixel by two levels."""
    lines, drawn = [], avatar.drawn_changes(track.samples)
    for trial, first in zip(track.trials, track.first_frames):
        count = int(trial.seconds * FPS)
        opening = float(rendered.opening[first : first + count].max())
        changes = drawn[first : first + count]
        largest = 255 * float(np.abs(np.diff(changes, axis=0)).mean((1, 2, 3)).max())
        met = largest < 1 and opening < CLOSED_MM
        figure = f"{largest:.2f} at most; opening {opening:.1f} mm"
        lines.append(
            Line("3", f"mouth during {trial.name}", "shut; moves < 1 grey level a frame", figure, met)
        )
    return lines


# ---------------------------------------------------------------------------------------- pictures


def seam_and_flicker(rendered: Rendered, still: Rendered) -> list[Line]:
    """Steps across the border of what is pasted, and movement where nothing is painted."""
    under = still.crops[(rendered.first + np.arange(len(rendered.crops))) % len(still.crops)]
    steps, above = [], []
    for crops in (rendered.crops, under):
        greys = np.stack([grey(crop) for crop in crops])
        across, down = np.abs(np.diff(greys, axis=2)).mean(1), np.abs(np.diff(greys, axis=1)).mean(2)
        edge = crops.shape[1] // 16
        borders = np.concatenate(
            [across[:, :edge], across[:, -edge:], down[:, :edge], down[:, -edge:]], 1
        )
        steps.append(borders.mean(0))
        # The mouth does not reach the top of the crop.
        above.append(float(np.abs(np.diff(greys[:, : crops.shape[1] // 5], axis=0)).mean()))
    excess = float(np.abs(steps[0] - steps[1]).max())
    outside = rendered.outside[1:].mean(), still.outside[1:].mean()
    target = "as without speech"
    return [
        Line(
            "4", "change from frame to frame beside the crop, speech (no speech)", target,
            f"{outside[0]:.2f} ({outside[1]:.2f}) grey levels", bool(outside[0] <= outside[1] + 0.1),
        ),
        Line(
            "4", "the same in the crop, above the mouth", target,
            f"{above[0]:.2f} ({above[1]:.2f}) grey levels", bool(above[0] <= above[1] + 0.1),
        ),
        Line(
            "5", "step across the pasted edge against the untouched frame", "within 1 grey level",
            f"{excess:.2f} at most", excess <= 1,
        ),
    ]  # fmt: skip


def render_lines(avatar: Avatar, renders: Path) -> list[Line]:
    """Held-out crops drawn by the shipped generator from their true mouths, against the clean renders."""
    target = "PSNR >= 32 dB, SSIM >= 0.93, sharpness within 15 %"
    what = "mouth against clean held-out renders"
    if not (renders / "shots.json").exists():
        return [Line("4", what, target, f"not measured: no renders in {renders}", None)]
    painter, names = from_true_mouths(avatar.folder / "models/generator.onnx")
    scores = []
    for number, shot in mouth_reader.rendered_shots(renders).items():
        if number % mouth_reader.HELD_OUT_EVERY != mouth_reader.HELD_OUT_EVERY - 1:
            continue
        x1, y1, x2, y2 = rectangle = avatar.rectangles[shot["idle"]]
        visual = generator_input(avatar.frames[shot["idle"]][y1:y2, x1:x2])
        feed = {names[0]: visual[None], names[1]: np.array([shot["par"]], np.float32)}
        drawn = painter.run(None, feed)[0][0].transpose(1, 2, 0) * 255
        wanted = roi(mouth_reader.clean_crop(renders, shot, rectangle)).astype(np.float32)
        scores.append(picture_scores(mouth_box(drawn[None])[0], mouth_box(wanted[None])[0]))
    psnr, ssim, drawn_energy, wanted_energy = np.array(scores).T
    sharper = float(drawn_energy.mean() / wanted_energy.mean() - 1)
    decibels = -10 * np.log10(np.mean(10 ** (-psnr / 10)))
    figure = f"{decibels:.1f} dB, {ssim.mean():.3f}, {100 * sharper:+.1f} % ({len(scores)} crops)"
    met = decibels >= 32 and ssim.mean() >= 0.93 and abs(sharper) <= 0.15
    return [Line("4", what, target, figure, bool(met))]


def picture_scores(drawn: np.ndarray, wanted: np.ndarray) -> tuple[float, float, float, float]:
    """PSNR, SSIM of lightness, gradient energies of both."""
    psnr = 10 * np.log10(255**2 / np.mean((drawn - wanted) ** 2))
    a, b = (cv2.cvtColor(p.astype(np.float32), cv2.COLOR_BGR2GRAY) for p in (drawn, wanted))

    def blur(picture):
        return cv2.GaussianBlur(picture, (11, 11), 1.5)

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    both = blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ssim = ((2 * mean_a * mean_b + c1) * (2 * both + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    energies = [np.mean(np.diff(p, axis=0) ** 2) + np.mean(np.diff(p, axis=1) ** 2) for p in (a, b)]
    return float(psnr), float(ssim.mean()), float(energies[0]), float(energies[1])


def roi(crop: np.ndarray) -> np.ndarray:
    """A crop rectangle as the generator's 320x320 region, bytes."""
    return cv2.resize(crop, (328, 328), interpolation=cv2.INTER_CUBIC)[4:-4, 4:-4]


def generator_input(crop: np.ndarray) -> np.ndarray:
    """[6, 320, 320] in 0..1: the region, and again with the mouth blanked."""
    picture = roi(crop).transpose(2, 0, 1).astype(np.float32) / 255
    masked = picture.copy()
    masked[:, MASKED[0], MASKED[1]] = 0
    return np.concatenate([picture, masked])


def from_true_mouths(path: Path) -> tuple[onnxruntime.InferenceSession, tuple[str, str]]:
    """The part of a generator that draws, fed with mouths where the part that listens ends."""
    model = onnx.load(str(path))
    heard = {o for node in model.graph.node if node.name.startswith("/head/") for o in node.output}
    drawing = [node for node in model.graph.node if node.name.startswith("/painter/")]
    joints = {i for node in drawing for i in node.input} & heard
    if len(joints) != 1:
        raise ValueError(f"{path}: expected one tensor between head and painter, found {sorted(joints)}")
    joint = joints.pop()
    visual = model.graph.input[0]
    value = onnx.helper.make_tensor_value_info(joint, onnx.TensorProto.FLOAT, ["n", len(mouth.PARAMETERS)])
    needed, nodes = {model.graph.output[0].name}, []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output) and joint not in node.output:
            nodes.insert(0, node)
            needed.update(node.input)
    weights = [weight for weight in model.graph.initializer if weight.name in needed]
    drawn = onnx.helper.make_graph(nodes, "drawing", [visual, value], [model.graph.output[0]], weights)
    opsets = [onnx.helper.make_opsetid("", model.opset_import[0].version)]
    part = onnx.helper.make_model(drawn, opset_imports=opsets, ir_version=model.ir_version)
    return session(part.SerializeToString()), (visual.name, joint)


# ---------------------------------------------------------------------------------------- speed


def session(model: str | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def served(models: Path) -> Path:
    """The generator that a processor runs."""
    eight = models / "generator.int8.onnx"
    return eight if eight.exists() else models / "generator.onnx"


def speed_lines(avatar: Avatar, samples: np.ndarray) -> list[Line]:
    models = avatar.folder / "models"
    encoder, generator = session(str(models / "audio_encoder.onnx")), session(str(models / "generator.onnx"))
    windows = features.encoder_windows(features.mel(samples))
    heard = encoder.run(None, {encoder.get_inputs()[0].name: windows})[0]
    contexts = features.context(heard).astype(np.float32)[10 : 10 + 48]
    visual = np.stack([generator_input(avatar.crop(avatar.frames[avatar.index(i)], i)) for i in range(len(contexts))])
    feed = {i.name: {6: visual, 32: contexts}[i.shape[1]] for i in generator.get_inputs()}
    four = {name: value[:4] for name, value in feed.items()}
    drawing = core_milliseconds(generator, four) / 4
    listening = core_milliseconds(encoder, {encoder.get_inputs()[0].name: windows[:4]}) / 4
    lines = [
        Line("7", "generator on one core, fp32, batch 4", "<= 12 ms a frame", f"{drawing:.1f} ms", drawing <= 12),
        Line("7", "audio encoder on one core", "<= 0.5 ms a window", f"{listening:.2f} ms", listening <= 0.5),
    ]

    def drawn(network: onnxruntime.InferenceSession) -> np.ndarray:
        parts = [{k: v[i : i + 8] for k, v in feed.items()} for i in range(0, len(visual), 8)]
        return np.concatenate([network.run(None, part)[0] for part in parts])

    full = drawn(generator)
    half, eight = models / "generator.fp16.onnx", models / "generator.int8.onnx"
    if eight.exists():
        network = session(str(eight))
        drawing = core_milliseconds(network, four) / 4
        lines.append(Line("7", "the same in 8 bits", "<= 12 ms a frame", f"{drawing:.1f} ms", drawing <= 12))
        top, left, height, width = (PAINTED[side] for side in ("top", "left", "height", "width"))
        difference = (drawn(network) - full)[:, :, top : top + height, left : left + width]
        decibels = -10 * math.log10(float(np.square(difference).mean()))
        what = "generator in 8 bits against 32, around the mouth, real frames"
        lines.append(Line("7", what, "PSNR >= 44 dB", f"{decibels:.1f} dB", decibels >= 44))
    what, target = "generator in 16 bits against 32, real frames", "within 2 grey levels"
    if not half.exists():
        return [*lines, Line("7", what, target, "not measured: the package has no generator.fp16.onnx", None)]
    difference = 255 * float(np.abs(full - drawn(session(str(half)))).max())
    return [*lines, Line("7", what, target, f"{difference:.2f} at most", difference <= 2)]


def core_milliseconds(network: onnxruntime.InferenceSession, feed: dict, runs: int = 12) -> float:
    """Core time of the quickest run; holds on a busy machine too."""
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        network.run(None, feed)
        best = min(best, time.process_time() - start)
    return best * 1000


# ---------------------------------------------------------------------------------------- report


def sheet(trial: Trial, first: int, rendered: Rendered, rows: int = 5) -> np.ndarray:
    """The mouth in the middle of each phoneme; long pauses are shown too."""
    tiles, start = [], 0.0
    for phoneme, end in trial.segments:
        if end - start > 0.035 and len(tiles) < rows * TILES_A_ROW:
            frame = min(first + int((start + end) / 2 * FPS), len(rendered.crops) - 1)
            side = rendered.crops.shape[1]
            shown = rendered.crops[frame][round(0.12 * side) : round(0.92 * side), round(0.1 * side) : round(0.9 * side)]
            tile = cv2.resize(shown, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
            for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
                cv2.putText(tile, phoneme, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, width, cv2.LINE_AA)
            tiles.append(tile)
        start = end
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % TILES_A_ROW)
    return np.vstack([np.hstack(tiles[i : i + TILES_A_ROW]) for i in range(0, len(tiles), TILES_A_ROW)])


def curve(track: Track, rendered: Rendered, number: int, wanted: np.ndarray, label: str) -> np.ndarray:
    """Opening in the video (dark) and asked for (red) of one trial."""
    width, height = TILE_PX * TILES_A_ROW, 150
    picture = np.full((height, width, 3), 255, np.uint8)
    first = track.first_frames[number]
    read = rendered.opening[first : first + len(wanted)]
    for values, colour in ((wanted, (60, 60, 220)), (read, (60, 40, 20))):
        x = np.linspace(8, width - 8, len(values))
        y = height - 14 - np.clip(values, -1, 16) * (height - 40) / 16
        points = np.stack([x, y], 1).round().astype(np.int32)
        cv2.polylines(picture, [points], False, colour, 2, cv2.LINE_AA)
    cv2.putText(picture, label, (10, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return picture


def table(lines: list[Line]) -> str:
    rows = ["| line | what | target | figure | met |", "|---|---|---|---|---|"]
    words = {True: "yes", False: "**no**", None: "not measured"}
    rows += [f"| {x.number} | {x.what} | {x.target} | {x.figure} | {words[x.met]} |" for x in lines]
    return "\n".join(rows)


def write_picture(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 80, cv2.IMWRITE_JPEG_OPTIMIZE, 1])


def evaluate(avatar: Avatar, renders: Path, java: str, pictures: Path) -> list[Line]:
    made = {
        "a": trials.training_voices(),
        "b": trials.unseen_voice(),
        "c": trials.people(WORK / "evaluation/people"),
        "d": trials.mary(avatar.work / "mary", java, LAUNCHER.parent / "target/dist/lib"),
        "quiet": trials.quiet(),
        "languages": trials.other_languages(),
    }
    tracks = {kind: trials.track(members) for kind, members in made.items()}
    videos = one_video(avatar, tracks)
    still = avatar.render("silence", np.zeros(avatar.period * trials.SAMPLES_A_FRAME, np.float32))
    still = still.part(0, avatar.period)

    measured = {kind: measure_speech(tracks[kind], videos[kind]) for kind in "abcd"}
    lines = speech_lines(measured)
    lines += quiet_lines(avatar, tracks["quiet"], videos["quiet"])
    lines += render_lines(avatar, renders)
    lines += seam_and_flicker(videos["d"], still)
    lines += language_lines(tracks["languages"], videos["languages"])
    lines += speed_lines(avatar, tracks["d"].samples)
    draw_pages(avatar.name, tracks, videos, pictures)
    return sorted(lines, key=lambda line: line.number)


def one_video(avatar: Avatar, tracks: dict[str, Track]) -> dict[str, Rendered]:
    """All tracks rendered behind each other, which starts the program once."""
    rendered = avatar.render("all", np.concatenate([track.samples for track in tracks.values()]))
    videos, first = {}, 0
    for kind, track in tracks.items():
        count = len(track.samples) // trials.SAMPLES_A_FRAME
        videos[kind] = rendered.part(first, count)
        first += count
    return videos


def language_lines(track: Track, rendered: Rendered) -> list[Line]:
    lines = []
    for number, trial in enumerate(track.trials):
        alone = Track([trial], [track.first_frames[number]], trial.samples)
        wanted = mouth.opening_mm(trials.truth(trial, int(trial.seconds * FPS)))
        correlation, lag = judge(alone, rendered, [wanted])
        figure = f"r {correlation:.2f}, best at {lag:+d} frames"
        what = f"opening in {trial.name} by espeak-ng"
        lines.append(Line("6", what, "moves plausibly: r >= 0.5", figure, correlation >= 0.5))
    return lines


def draw_pages(name: str, tracks: dict[str, Track], videos: dict[str, Rendered], folder: Path) -> None:
    """For each kind of speech one utterance, for each language its sentence."""
    for kind in "abcd":
        label = f"({kind}) {tracks[kind].trials[1].name}"
        write_picture(folder / f"evaluation-{name}-{kind}.jpg", page(tracks[kind], 1, videos[kind], label))
    for number, trial in enumerate(tracks["languages"].trials):
        path = folder / "languages" / f"{name}-{trial.name}.jpg"
        write_picture(path, page(tracks["languages"], number, videos["languages"], trial.name))


def page(track: Track, number: int, rendered: Rendered, label: str) -> np.ndarray:
    trial = track.trials[number]
    wanted = mouth.opening_mm(trials.truth(trial, int(trial.seconds * FPS)))
    label += ": lips apart, 0 to 16 mm; red: asked for by the phonemes"
    drawn = curve(track, rendered, number, wanted, label)
    return np.vstack([drawn, sheet(trial, track.first_frames[number], rendered)])


INTRODUCTION = """# Evaluation

What the mouths of the built-in avatars do in the videos that `lipstream render` makes of speech that no network was
trained on. `studio/evaluate` makes the sounds, renders them, reads the mouth off the frames and writes this page.

* (a) new texts by voices of the training (flite, espeak-ng), (b) flite's kal16, which no training heard, (c) a person
  (prompts of Debian's `asterisk-core-sounds-en-g722`, for measuring only), (d) the voice that is built into Lipstream.
* The truth for (a), (b) and (d) are the phonemes that the synthesisers report, turned into mouths by `mouth.py`. For (c)
  the words are known: three synthesisers say them, and their phoneme times are carried over by aligning the sounds
  (`alignment.py`). Done to (b), where the times are known, this finds openings with r 0.8 to 0.95 to the known ones; for a
  person it is less exact, so that even a perfect mouth would not reach 1. Only prompts whose words fit are taken.
* Openings and widths are read by `mouth_reader.py`, a linear map fitted on the clean renders (openings of held-out ones:
  r 0.998 for Ada, 0.986 for Sam). Lips whose middles are less than 1.5 mm apart touch; a wide "ah" has 14 mm.
* Flicker and seam are compared with a video of silence, which shows the same frames untouched, through the same coder.
  Movement during sounds that are not speech is measured on what the networks draw, before the coder.

"""


def with_section(page_text: str, section: str) -> str:
    """The page with an avatar's section replaced, or added at the end."""
    parts = [part.rstrip() + "\n" for part in page_text.split("\n## ")]
    added = section.removeprefix("## ").rstrip() + "\n"
    title = added.split("\n", 1)[0]
    places = [n for n, part in enumerate(parts) if part.split("\n", 1)[0].strip() == title]
    if places:
        parts[places[0]] = added
    else:
        parts.append(added)
    return "\n## ".join(parts)


def shown_pictures(avatar: str) -> str:
    spoken = [f"![({kind})](pictures/evaluation-{avatar}-{kind}.jpg)" for kind in "abcd"]
    foreign = [f"[{name}](pictures/languages/{avatar}-{name}.jpg)" for name in languages.SHOWN]
    return "\n\n".join([*spoken, "Other languages: " + ", ".join(foreign) + "."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--avatar", default="ada")
    parser.add_argument("--renders", type=Path, help="default: work/AVATAR/renders")
    parser.add_argument("--java", default=os.environ.get("LIPSTREAM_JAVA", "java"), help="JDK 25's java")
    parser.add_argument("--write-docs", action="store_true", help="write docs/evaluation.md and docs/pictures")
    args = parser.parse_args()
    work = WORK / "evaluation" / args.avatar
    out = REPOSITORY / "docs" if args.write_docs else work
    avatar = Avatar(args.avatar, work)
    lines = evaluate(avatar, args.renders or WORK / args.avatar / "renders", args.java, out / "pictures")
    section = f"""## {args.avatar.capitalize()}

Measured on {datetime.date.today().isoformat()} with `studio/evaluate --avatar {args.avatar}`.

{table(lines)}

{shown_pictures(args.avatar)}
"""
    page_path = out / "evaluation.md"
    before = page_path.read_text() if page_path.exists() else INTRODUCTION
    page_path.write_text(with_section(before, section))
    print(table(lines))
    missed = sum(line.met is False for line in lines)
    print(f"{missed} lines are not met; pictures are in {out / 'pictures'}", file=sys.stderr)


if __name__ == "__main__":
    main()
