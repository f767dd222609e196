"""The idle loop: small head sway, breath, blinks and glances, at rest at both ends so that it can play ping-pong."""

from dataclasses import dataclass, field

import numpy as np

FRAME_COUNT = 80

BLINK = [0.15, 0.65, 1.13, 1.13, 0.8, 0.45, 0.2, 0.09]  # lid closure, frame by frame
EYE_TURN_PER_DEGREE = 1 / 30  # weight of an eye unit that looks back against one degree of head turn


@dataclass
class Pose:
    """One instant: weights of face units, head angles in degrees, sway of the body in metres, breath 0..1."""

    units: dict = field(default_factory=dict)
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    sway: tuple = (0.0, 0.0, 0.0)
    breath: float = 0.0


@dataclass(frozen=True)
class Wave:
    """A slow sine over the loop."""

    amplitude: float
    cycles: float
    phase: float
    offset: float = 0.0

    def at(self, eased):
        return self.amplitude * float(np.sin(2 * np.pi * (self.cycles * eased + self.phase))) + self.offset


@dataclass(frozen=True)
class Idle:
    """How one character idles. Angles are degrees, sway is metres; glances are (first frame, aside, up)."""

    # What the face does when it does nothing: a faint smile, relaxed lids.
    smile: float = 0.30
    lids: float = 0.13
    press: float = 0.0  # of the lips, for a face whose lips do not quite meet
    yaw: Wave = Wave(1.9, 0.75, 0.02)
    pitch: Wave = Wave(0.8, 1.0, 0.30, -0.2)
    roll: Wave = Wave(0.8, 0.6, 0.60)
    sway: Wave = Wave(0.0016, 0.7, 0.1)
    blinks: tuple = (30,)
    glances: tuple = ((0, 0.0, 0.0), (12, 0.035, 0.01), (31, -0.03, 0.0), (42, -0.022, 0.006), (53, 0.012, -0.015), (60, 0.02, -0.01), (68, 0.0, 0.0))

    def pose(self, frame):
        """The pose of an idle frame, 0 <= frame < FRAME_COUNT."""
        # Time that starts and ends at rest, so that reversing the loop shows no kink.
        eased = 0.5 - 0.5 * np.cos(np.pi * frame / (FRAME_COUNT - 1))
        yaw, pitch = self.yaw.at(eased), self.pitch.at(eased)
        return Pose(
            units=self.resting() | self._lids(frame) | self._gaze(frame, yaw, pitch),
            yaw=yaw,
            pitch=pitch,
            roll=self.roll.at(eased),
            sway=(self.sway.at(eased), 0.0, 0.0),
            breath=float(0.5 - 0.5 * np.cos(2 * np.pi * eased)),
        )

    def resting(self):
        return {
            "MouthLeftPullUp": self.smile, "MouthRightPullUp": self.smile,
            "eye-left-closure": self.lids, "eye-right-closure": self.lids,
            "lowerLipUp": self.press,
        }

    def _lids(self, frame):
        closure = self.lids
        for start in self.blinks:
            if 0 <= frame - start < len(BLINK):
                closure = max(closure, BLINK[frame - start])
        return {"eye-left-closure": closure, "eye-right-closure": closure}

    def _gaze(self, frame, yaw, pitch):
        """Eye units that keep looking at the viewer, with tiny glances."""
        _, aside, up = max(g for g in self.glances if g[0] <= frame)
        left = aside - yaw * EYE_TURN_PER_DEGREE
        up += pitch * EYE_TURN_PER_DEGREE
        sideways = ("turnLeft", left) if left > 0 else ("turnRight", -left)
        upright = ("Up", up) if up > 0 else ("Down", -up)
        return {f"{side}Eye{name}": float(weight) for side in ("Left", "Right") for name, weight in (sideways, upright)}
