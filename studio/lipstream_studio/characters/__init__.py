"""Who can be rendered: one module a character, each with one value of `Looks`."""

from argparse import ArgumentTypeError
from importlib import import_module

from .looks import Looks

NAMES = ("ada", "sam")


def named(name) -> Looks:
    """The looks of a character, for example `named("ada")`."""
    if name not in NAMES:
        raise ArgumentTypeError(f"no character {name!r}; known: {', '.join(NAMES)}")
    return import_module(f"{__name__}.{name}").LOOKS


def add_argument(parser):
    """Every command that works on one character takes its name."""
    parser.add_argument("--character", type=named, default="ada", metavar="|".join(NAMES), help="whom (default ada)")
