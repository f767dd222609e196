#!/usr/bin/env python3
"""Writes the tiny avatar's networks and the networks that the inference tests load.

Nothing here is trained and nothing is random: the same onnx version writes the same bytes.

    python -m venv .venv && .venv/bin/pip install onnx numpy
    .venv/bin/python studio/tiny/make_networks.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, checker, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[2]
AVATAR = ROOT / "avatars" / "tiny" / "models"
FIXTURES = ROOT / "inference" / "src" / "test" / "resources" / "networks"

OPSET = 17
IR_VERSION = 8
ROI = 320

# The mouth: an ellipse in the lower half of the face, in ROI pixels.
MOUTH_X, MOUTH_Y = 160.0, 214.0
MOUTH_HALF_WIDTH, MOUTH_HALF_HEIGHT = 58.0, 44.0
MOUTH_BGR = (0.14, 0.08, 0.26)
# Width of the lip edge in the units of the ellipse equation (squared pixels).
EDGE = 90.0
# Features are 0 in silence and 3 to 5 in speech; below QUIET the mouth stays shut.
QUIET, LOUD = 1.0, 4.5

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


def constant(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype=dtype), name)


def tensor(name, element, *shape):
    return helper.make_tensor_value_info(name, element, shape)


def write(folder, name, nodes, inputs, outputs, constants=(), extra_opsets=(), check=True):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(constants))
    opsets = [helper.make_opsetid("", OPSET)] + [helper.make_opsetid(d, v) for d, v in extra_opsets]
    model = helper.make_model(
        graph, producer_name="lipstream studio/tiny", ir_version=IR_VERSION, opset_imports=opsets
    )
    if check:
        checker.check_model(model, full_check=True)
    path = folder / f"{name}.onnx"
    path.write_bytes(model.SerializeToString(deterministic=True))
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size} bytes")


def audio_encoder():
    """Every feature is the loudness of the window: the mean of mel + 4, so 0 in silence."""
    write(
        AVATAR,
        "audio_encoder",
        [
            helper.make_node("Add", ["mel", "four"], ["raised"]),
            helper.make_node("ReduceMean", ["raised"], ["mean"], axes=[2, 3], keepdims=0),
            helper.make_node("Relu", ["mean"], ["loudness"]),
            helper.make_node("Expand", ["loudness", "feature_shape"], ["features"]),
        ],
        [tensor("mel", FLOAT, "N", 1, 80, 16)],
        [tensor("features", FLOAT, "N", 512)],
        [constant("four", 4.0), constant("feature_shape", [1, 512], np.int64)],
    )


def mouth_nodes(audio):
    """How dark each pixel becomes, 0 to 1: "alpha" [N,1,320,320], exactly 0 without sound.

    A pixel is in the mouth where opening^2 * rise[x] > drop[y], the ellipse equation multiplied
    out so that nothing is divided by the opening.
    """
    nodes = [
        # Row 8 of the 16 x 512 window, the frame itself, is planes 16 and 17 of 32 x 16 x 16.
        helper.make_node("Slice", [audio, "row_from", "row_to", "channel_axis"], ["now"]),
        helper.make_node("ReduceMean", ["now"], ["loudness"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Sub", ["loudness", "quiet"], ["above"]),
        helper.make_node("Mul", ["above", "per_loudness"], ["wish"]),
        helper.make_node("Clip", ["wish", "zero", "one"], ["opening"]),
        helper.make_node("Mul", ["opening", "opening"], ["opening_squared"]),
        helper.make_node("Mul", ["opening_squared", "rise"], ["ellipse"]),
        helper.make_node("Sub", ["ellipse", "drop"], ["depth"]),
        helper.make_node("Clip", ["depth", "zero", "one"], ["alpha"]),
    ]
    x = (np.arange(ROI) - MOUTH_X) / MOUTH_HALF_WIDTH
    y = np.arange(ROI) - MOUTH_Y
    constants = [
        constant("row_from", [16], np.int64),
        constant("row_to", [18], np.int64),
        constant("channel_axis", [1], np.int64),
        constant("quiet", QUIET),
        constant("per_loudness", 1 / (LOUD - QUIET)),
        constant("zero", 0.0),
        constant("one", 1.0),
        constant("rise", (MOUTH_HALF_HEIGHT**2 * (1 - x * x) / EDGE).reshape(1, 1, 1, ROI)),
        constant("drop", (y * y / EDGE).reshape(1, 1, ROI, 1)),
    ]
    return nodes, constants


REFERENCE_CONSTANTS = [
    constant("first", [0], np.int64),
    constant("third", [3], np.int64),
    constant("planes", [1], np.int64),
]


def reference(visual):
    return helper.make_node("Slice", [visual, "first", "third", "planes"], ["reference"])


def generator(folder, name, batch="N", names=("visual", "audio", "mouth"), swapped=False):
    """The reference picture with a dark mouth drawn on it."""
    visual, audio, output = names
    nodes, constants = mouth_nodes(audio)
    nodes += [
        reference(visual),
        helper.make_node("Sub", ["reference", "dark"], ["contrast"]),
        helper.make_node("Mul", ["contrast", "alpha"], ["shadow"]),
        helper.make_node("Sub", ["reference", "shadow"], [output]),
    ]
    inputs = [tensor(visual, FLOAT, batch, 6, ROI, ROI), tensor(audio, FLOAT, batch, 32, 16, 16)]
    write(
        folder,
        name,
        nodes,
        inputs[::-1] if swapped else inputs,
        [tensor(output, FLOAT, batch, 3, ROI, ROI)],
        constants + REFERENCE_CONSTANTS + [constant("dark", np.reshape(MOUTH_BGR, (1, 3, 1, 1)))],
    )


def generator_half():
    """The same picture from float16 tensors; the mouth's outline keeps float32, as exporters do."""
    nodes, constants = mouth_nodes("audio32")
    nodes = [helper.make_node("Cast", ["audio"], ["audio32"], to=FLOAT)] + nodes
    nodes += [
        helper.make_node("Cast", ["alpha"], ["alpha16"], to=HALF),
        reference("visual"),
        helper.make_node("Sub", ["reference", "dark"], ["contrast"]),
        helper.make_node("Mul", ["contrast", "alpha16"], ["shadow"]),
        helper.make_node("Sub", ["reference", "shadow"], ["mouth"]),
    ]
    write(
        AVATAR,
        "generator.fp16",
        nodes,
        [tensor("visual", HALF, "N", 6, ROI, ROI), tensor("audio", HALF, "N", 32, 16, 16)],
        [tensor("mouth", HALF, "N", 3, ROI, ROI)],
        constants
        + REFERENCE_CONSTANTS
        + [constant("dark", np.reshape(MOUTH_BGR, (1, 3, 1, 1)), np.float16)],
    )


def generator_half_extremes():
    """Returns its audio tensor's mean as the picture: whatever value a test wants, in float16."""
    write(
        FIXTURES,
        "generator-echo-float16",
        [
            helper.make_node("Cast", ["audio"], ["audio32"], to=FLOAT),
            helper.make_node("ReduceMean", ["audio32"], ["mean"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Cast", ["mean"], ["mean16"], to=HALF),
            reference("visual"),
            helper.make_node("Sub", ["reference", "reference"], ["black"]),
            helper.make_node("Add", ["black", "mean16"], ["mouth"]),
        ],
        [tensor("visual", HALF, "N", 6, ROI, ROI), tensor("audio", HALF, "N", 32, 16, 16)],
        [tensor("mouth", HALF, "N", 3, ROI, ROI)],
        REFERENCE_CONSTANTS,
    )


def generator_masked_half():
    """Returns the masked half of the visual tensor, so that a test can look at it."""
    write(
        FIXTURES,
        "generator-shows-masked",
        [
            helper.make_node("Slice", ["visual", "third", "sixth", "planes"], ["masked"]),
            helper.make_node("ReduceMean", ["audio"], ["mean"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Add", ["masked", "mean"], ["mouth"]),
        ],
        [tensor("visual", FLOAT, "N", 6, ROI, ROI), tensor("audio", FLOAT, "N", 32, 16, 16)],
        [tensor("mouth", FLOAT, "N", 3, ROI, ROI)],
        [
            constant("third", [3], np.int64),
            constant("sixth", [6], np.int64),
            constant("planes", [1], np.int64),
        ],
    )


def generator_broken():
    """Adds sqrt(m) / (4 - m), m the mean of the audio: nothing at 0, infinity at 4, NaN below 0."""
    write(
        FIXTURES,
        "generator-not-a-number",
        [
            helper.make_node("ReduceMean", ["audio"], ["mean"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Sqrt", ["mean"], ["root"]),
            helper.make_node("Sub", ["four", "mean"], ["rest"]),
            helper.make_node("Div", ["root", "rest"], ["poison"]),
            reference("visual"),
            helper.make_node("Add", ["reference", "poison"], ["mouth"]),
        ],
        [tensor("visual", FLOAT, "N", 6, ROI, ROI), tensor("audio", FLOAT, "N", 32, 16, 16)],
        [tensor("mouth", FLOAT, "N", 3, ROI, ROI)],
        [constant("four", 4.0)] + REFERENCE_CONSTANTS,
    )


def copier(name, visual, audio, output, constants=(), check=True, **more):
    """A network that only copies the reference: for tests about its tensors."""
    nodes = [
        reference("visual"),
        helper.make_node("ReduceMean", ["audio"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Add", ["reference", "mean"], ["mouth"]),
    ]
    nodes = more.pop("nodes", nodes)
    inputs = [visual, audio] + more.pop("inputs", [])
    write(
        FIXTURES,
        name,
        nodes,
        inputs,
        [output],
        REFERENCE_CONSTANTS + list(constants),
        check=check,
        **more,
    )


def mismatched():
    visual = tensor("visual", FLOAT, "N", 6, ROI, ROI)
    audio = tensor("audio", FLOAT, "N", 32, 16, 16)
    mouth = tensor("mouth", FLOAT, "N", 3, ROI, ROI)

    copier(
        "generator-160px",
        tensor("visual", FLOAT, "N", 6, 160, 160),
        audio,
        tensor("mouth", FLOAT, "N", 3, 160, 160),
    )
    copier(
        "generator-batch-of-3",
        tensor("visual", FLOAT, 3, 6, ROI, ROI),
        tensor("audio", FLOAT, 3, 32, 16, 16),
        tensor("mouth", FLOAT, 3, 3, ROI, ROI),
    )
    copier(
        "generator-all-dynamic",
        tensor("visual", FLOAT, "N", "C", "H", "W"),
        tensor("audio", FLOAT, "N", "D", "A", "B"),
        tensor("mouth", FLOAT, "N", "E", "H", "W"),
    )
    copier(
        "generator-third-input",
        visual,
        audio,
        mouth,
        nodes=[
            reference("visual"),
            helper.make_node("ReduceMean", ["audio"], ["mean"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Add", ["reference", "mean"], ["drawn"]),
            helper.make_node("Add", ["drawn", "style"], ["mouth"]),
        ],
        inputs=[tensor("style", FLOAT, 1)],
    )
    copier(
        "generator-bytes",
        tensor("visual", TensorProto.UINT8, "N", 6, ROI, ROI),
        audio,
        mouth,
        nodes=[
            helper.make_node("Cast", ["visual"], ["picture"], to=FLOAT),
            reference("picture"),
            helper.make_node("ReduceMean", ["audio"], ["mean"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Add", ["reference", "mean"], ["mouth"]),
        ],
    )
    copier(
        "generator-custom-operator",
        visual,
        audio,
        mouth,
        nodes=[helper.make_node("Draw", ["visual", "audio"], ["mouth"], domain="org.example")],
        extra_opsets=[("org.example", 1)],
        check=False,
    )
    # Declares free sides but draws 160 rows, decided by the sound: seen only when it runs.
    copier(
        "generator-lies",
        visual,
        audio,
        tensor("mouth", FLOAT, "N", 3, "H", "W"),
        constants=[constant("rows", [160.0]), constant("row_axis", [2], np.int64)],
        nodes=[
            reference("visual"),
            helper.make_node("ReduceMean", ["audio"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
            helper.make_node("Add", ["rows", "mean"], ["until"]),
            helper.make_node("Cast", ["until"], ["last"], to=TensorProto.INT64),
            helper.make_node("Slice", ["reference", "first", "last", "row_axis"], ["mouth"]),
        ],
    )
    outside = constant("brightness", np.zeros((1, 3, 1, 1)))
    outside.ClearField("raw_data")
    outside.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "weights.bin"), ("offset", "0"), ("length", "12")):
        outside.external_data.add(key=key, value=value)
    copier(
        "generator-external-data",
        visual,
        audio,
        mouth,
        constants=[outside],
        nodes=[
            reference("visual"),
            helper.make_node("ReduceMean", ["audio"], ["mean"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Add", ["reference", "mean"], ["drawn"]),
            helper.make_node("Add", ["drawn", "brightness"], ["mouth"]),
        ],
        check=False,
    )


def encoders():
    mel = tensor("mel_spectrogram", FLOAT, "N", 1, 80, 16)
    summed = helper.make_node("ReduceSum", ["mel_spectrogram", "axes"], ["sum"], keepdims=0)
    axes = constant("axes", [2, 3], np.int64)
    spread = helper.make_node("Expand", ["sum", "feature_shape"], ["audio_features"])
    for name, width in (("encoder-256-features", 256), ("encoder-sums", 512)):
        write(
            FIXTURES,
            name,
            [summed, spread],
            [mel],
            [tensor("audio_features", FLOAT, "N", width)],
            [axes, constant("feature_shape", [1, width], np.int64)],
        )


def doubles():
    """Small networks that are no generators: [N, 4] numbers in, their doubles out."""
    four = tensor("numbers", FLOAT, "N", 4)
    doubled = tensor("doubled", FLOAT, "N", 4)
    two = constant("two", 2.0)
    double = helper.make_node("Mul", ["numbers", "two"], ["doubled"])
    write(FIXTURES, "doubles", [double], [four], [doubled], [two])
    write(
        FIXTURES,
        "triples",
        [helper.make_node("Mul", ["numbers", "three"], ["doubled"])],
        [four],
        [doubled],
        [constant("three", 3.0)],
    )
    write(
        FIXTURES,
        "doubles-of-free-size",
        [double],
        [four],
        [tensor("doubled", FLOAT, "N", "M")],
        [two],
    )
    write(
        FIXTURES,
        "doubles-of-free-input",
        [double],
        [tensor("numbers", FLOAT, "N", "M")],
        [tensor("doubled", FLOAT, "N", "M")],
        [two],
    )
    write(
        FIXTURES,
        "doubles-one-by-one",
        [double],
        [tensor("numbers", FLOAT, 1, 4)],
        [tensor("doubled", FLOAT, 1, 4)],
        [two],
    )
    write(
        FIXTURES,
        "doubles-of-whole-numbers",
        [double],
        [tensor("numbers", TensorProto.INT64, "N", 4)],
        [tensor("doubled", TensorProto.INT64, "N", 4)],
        [constant("two", 2, np.int64)],
    )
    write(
        FIXTURES,
        "doubles-float16",
        [double],
        [tensor("numbers", HALF, "N", 4)],
        [tensor("doubled", HALF, "N", 4)],
        [constant("two", 2.0, np.float16)],
    )
    # Its call fails if one frame's first number is above six.
    write(
        FIXTURES,
        "doubles-up-to-six",
        [
            helper.make_node("Mul", ["numbers", "two"], ["all"]),
            helper.make_node("Slice", ["numbers", "from", "to", "axis"], ["first"]),
            helper.make_node("Cast", ["first"], ["place"], to=TensorProto.INT64),
            helper.make_node("Gather", ["zeros", "place"], ["nothing"]),
            helper.make_node("Add", ["all", "nothing"], ["doubled"]),
        ],
        [four],
        [doubled],
        [
            two,
            constant("from", [0], np.int64),
            constant("to", [1], np.int64),
            constant("axis", [1], np.int64),
            constant("zeros", np.zeros(7)),
        ],
    )
    write(
        FIXTURES,
        "roots",
        [helper.make_node("Sqrt", ["numbers"], ["doubled"])],
        [four],
        [doubled],
    )


def two_ways():
    """Two inputs and two outputs of different sizes."""
    write(
        FIXTURES,
        "two-ways",
        [
            helper.make_node("Concat", ["left", "right"], ["both"], axis=1),
            helper.make_node("ReduceSum", ["both", "axis"], ["sum"], keepdims=1),
        ],
        [tensor("left", FLOAT, "N", 2), tensor("right", FLOAT, "N", 3)],
        [tensor("both", FLOAT, "N", 5), tensor("sum", FLOAT, "N", 1)],
        [constant("axis", [1], np.int64)],
    )


def slow(name, steps, per_frame):
    """Doubles with work: milliseconds for each frame, or the same for any batch."""
    nodes = [
        helper.make_node("ReduceMax", ["numbers"], ["seed"], axes=[1], keepdims=1)
        if per_frame
        else helper.make_node("ReduceMax", ["numbers"], ["seed"], axes=[0, 1], keepdims=1),
        helper.make_node("Expand", ["seed", "wide"], ["work0"]),
    ]
    for step in range(steps):
        nodes.append(helper.make_node("Erf", [f"work{step}"], [f"work{step + 1}"]))
    nodes += [
        helper.make_node("ReduceMean", [f"work{steps}"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Mul", ["numbers", "two"], ["all"]),
        helper.make_node("Add", ["all", "nothing"], ["doubled"]),
    ]
    write(
        FIXTURES,
        name,
        nodes,
        [tensor("numbers", FLOAT, "N", 4)],
        [tensor("doubled", FLOAT, "N", 4)],
        [
            constant("two", 2.0),
            constant("zero", 0.0),
            constant("wide", [1, 16384], np.int64),
        ],
    )


def main():
    for folder in (AVATAR, FIXTURES):
        folder.mkdir(parents=True, exist_ok=True)
    audio_encoder()
    generator(AVATAR, "generator")
    generator(FIXTURES, "generator-batch-of-1", batch=1)
    generator(FIXTURES, "generator-renamed", names=("x1", "x2", "y"), swapped=True)
    generator_half()
    generator_half_extremes()
    generator_masked_half()
    generator_broken()
    mismatched()
    encoders()
    doubles()
    two_ways()
    slow("doubles-slowly", 100, per_frame=True)
    slow("doubles-at-a-fixed-cost", 256, per_frame=False)


if __name__ == "__main__":
    main()
