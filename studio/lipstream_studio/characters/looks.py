"""Everything that makes one character different from another. Lengths are metres, colours sRGB 0-255 unless said."""

from dataclasses import dataclass, field

from ..motion import Idle
from ..workspace import REPOSITORY, WORK


@dataclass(frozen=True)
class Brow:
    """An eyebrow's middle line from nose to temple, as offsets from the eye (outwards, up), half its width, its hairs."""

    line: tuple
    half_width: tuple
    hairs: int
    shade: float = 0.42  # how much of the brow's colour is painted under the hairs


@dataclass(frozen=True)
class Sheets:
    """A hairstyle of MakeHuman, whose sheets are overgrown with strands (see sheets.Sheets)."""

    asset: str  # a folder of MakeHuman's hair
    hairs: int
    parting: float = 0.0  # metres by which the parting is moved to the character's left
    narrowing: float = 0.0  # how much width is taken away beside the neck, as a share


@dataclass(frozen=True)
class Seeds:
    strands: int
    skin: int
    eyes: int
    shots: int


@dataclass(frozen=True)
class Looks:
    name: str
    title: str
    shape: dict  # MakeHuman's shape targets and their weights; 'l-' targets are mirrored to 'r-'
    hairline_degrees: tuple  # angle around the head, 0 in front, 180 behind
    hairline: tuple  # height above the eyes at these angles
    brow: Brow
    skin: tuple
    blush: tuple
    lip: tuple
    brow_colour: tuple
    lash_line: tuple
    scalp: tuple
    iris_inner: tuple
    iris_outer: tuple
    hair: tuple  # linear light 0..1, as Blender wants it
    cloth: tuple  # the same
    seeds: Seeds
    unit_strength: dict = field(default_factory=dict)  # of face units that this face needs stronger or weaker
    sheets: Sheets | None = None  # without, a short haircut is grown
    clothes: str = ""  # a folder of MakeHuman's clothes; without one, an open shirt is cut from the bust
    idle: Idle = field(default_factory=Idle)
    buttons: tuple = (0.75, 0.73, 0.70)  # linear light
    stubble: float = 0.0  # 0 clean-shaven .. 1 dark; painted into the skin

    @property
    def folder(self):
        """Where the character's intermediate files are."""
        return WORK / self.name

    @property
    def renders(self):
        """Idle frames, mouth crops and their descriptions."""
        return self.folder / "renders"

    @property
    def avatar(self):
        """The finished avatar."""
        return REPOSITORY / "avatars" / self.name
