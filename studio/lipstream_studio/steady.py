"""Takes the shimmer out of hair: every frame's hair becomes the mean of some frames, moved onto each other.

Thousands of strands thinner than a pixel shimmer from frame to frame, however still the head is; the mean over
neighbouring frames is steadier and finer. Hair moves with the head as one, so the movement between two frames is an
affine one, found by following points.
"""

import cv2
import numpy as np

REACH = 3  # frames before and after
MARGIN_PX, RIM_PX = 24, 11
GRID_PX, WINDOW_PX = 6, 21
STILL = np.eye(3)


def steady(pictures, hair):
    """The frames of a loop played to and fro (B,G,R,A bytes, straight alpha) with steady hair.

    `hair` [height,width], 0 to 1, is where the first frame shows hair.
    """
    hair = with_rim(hair, pictures[0][..., 3])
    rows, columns = box(hair)
    layers = [premultiplied(p[rows, columns]) for p in pictures]
    moves = movements([grey(layer) for layer in layers], hair[rows, columns])
    result, last = [], len(pictures) - 1
    for number, picture in enumerate(pictures):
        mean = np.zeros_like(layers[0], np.float32)
        for other in range(number - REACH, number + REACH + 1):
            other = last - abs(last - abs(other))  # the loop turns round at both ends
            mean += warped(layers[other], moves[number] @ np.linalg.inv(moves[other])) / (2 * REACH + 1)
        share = warped(hair[rows, columns].astype(np.float32), moves[number])[..., None]
        mixed = picture.copy()
        mixed[rows, columns] = straight(layers[number] * (1 - share) + mean * share)
        result.append(mixed)
    return result


def with_rim(hair, coverage):
    """The hair's share with the thin rim around it, where single strands stand off; not over what else is there."""
    around = cv2.dilate(hair.astype(np.float32), np.ones((RIM_PX, RIM_PX)))
    other = (coverage > 250) & (hair < 0.5)
    return cv2.GaussianBlur(np.where(other, 0, around), (0, 0), 1.0)


def box(hair):
    """The part of the picture that holds all hair in all frames."""
    return tuple(
        slice(max(0, used.min() - MARGIN_PX), used.max() + 1 + MARGIN_PX)
        for used in (np.flatnonzero(hair.max(1) > 0.01), np.flatnonzero(hair.max(0) > 0.01))
    )


def movements(greys, hair):
    """For every frame the matrix [3,3] that moves the first frame's hair onto it."""
    inner = cv2.erode((hair > 0.5).astype(np.uint8), np.ones((WINDOW_PX // 2, WINDOW_PX // 2)))
    y, x = np.nonzero(inner[::GRID_PX, ::GRID_PX])
    start = np.stack([x, y], 1).astype(np.float32) * GRID_PX
    moves = [STILL]
    for before, after in zip(greys, greys[1:]):
        points = (np.c_[start, np.ones(len(start))] @ moves[-1][:2].T).astype(np.float32)
        found, good, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None, winSize=(WINDOW_PX, WINDOW_PX), maxLevel=1)
        good = good.ravel() > 0
        step, _ = cv2.estimateAffine2D(points[good], found[good], ransacReprojThreshold=0.5)
        moves.append(np.vstack([step, [0, 0, 1]]) @ moves[-1])
    return moves


def warped(layer, move):
    height, width = layer.shape[:2]
    return cv2.warpAffine(layer, move[:2], (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def premultiplied(rgba):
    share = rgba[..., 3:].astype(np.float32)
    return np.concatenate([rgba[..., :3] * (share / 255), share], 2)


def straight(layer):
    share = np.clip(layer[..., 3:], 0, 255)
    colour = layer[..., :3] * 255 / np.maximum(share, 1)
    return np.clip(np.concatenate([colour, share], 2) + 0.5, 0, 255).astype(np.uint8)


def grey(layer):
    return cv2.cvtColor(np.clip(layer[..., :3] + 0.5, 0, 255).astype(np.uint8), cv2.COLOR_BGR2GRAY)
