"""Ada's idle loop: small head sway, breath, blinks and glances, at rest at both ends so that it can play ping-pong."""

from dataclasses import dataclass, field

import numpy as np

FRAME_COUNT = 75

# What her face does when it does nothing: a faint smile, relaxed lids.
RESTING = {
    "MouthLeftPullUp": 0.30, "MouthRightPullUp": 0.30,
    "eye-left-closure": 0.13, "eye-right-closure": 0.13,
}

BLINK = [0.15, 0.6, 1.0, 1.0, 0.75, 0.45, 0.2, 0.07]  # lid closure, frame by frame
BLINK_STARTS = [30]
GLANCES = [(0, 0.0, 0.0), (12, 0.035, 0.01), (33, -0.03, 0.0), (50, 0.01, -0.015), (64, 0.0, 0.0)]
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


def pose(frame):
    """The pose of an idle frame, 0 <= frame < FRAME_COUNT."""
    # Time that starts and ends at rest, so that reversing the loop shows no kink.
    eased = 0.5 - 0.5 * np.cos(np.pi * frame / (FRAME_COUNT - 1))

    def wave(cycles, phase):
        return float(np.sin(2 * np.pi * (cycles * eased + phase)))

    yaw = 1.9 * wave(0.75, 0.02)
    pitch = 0.8 * wave(1.0, 0.30) - 0.2
    roll = 0.8 * wave(0.6, 0.60)
    return Pose(
        units=RESTING | lids(frame) | gaze(frame, yaw, pitch),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        sway=(0.0016 * wave(0.7, 0.1), 0.0, 0.0),
        breath=float(0.5 - 0.5 * np.cos(2 * np.pi * eased)),
    )


def lids(frame):
    closure = RESTING["eye-left-closure"]
    for start in BLINK_STARTS:
        if 0 <= frame - start < len(BLINK):
            closure = max(closure, BLINK[frame - start])
    return {"eye-left-closure": closure, "eye-right-closure": closure}


def gaze(frame, yaw, pitch):
    """Eye units that keep looking at the viewer, with tiny glances."""
    _, aside, up = max(g for g in GLANCES if g[0] <= frame)
    left = aside - yaw * EYE_TURN_PER_DEGREE
    up += pitch * EYE_TURN_PER_DEGREE
    sideways, upright = ("turnLeft", left) if left > 0 else ("turnRight", -left), ("Up", up) if up > 0 else ("Down", -up)
    return {f"{side}Eye{name}": float(weight) for side in ("Left", "Right") for name, weight in (sideways, upright)}
