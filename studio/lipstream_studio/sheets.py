"""Strands of hair along modelled sheets. Lengths are metres."""

import numpy as np
from scipy.spatial import cKDTree

TONES, TONE_SHARES = (1.0, 0.72, 1.45), (0.58, 0.24, 0.18)  # brightness of the locks of one head, and how many


class Sheets:
    """Hair modelled as sheets of quads: their rows are the directions in which strands run."""

    def __init__(self, vertices, corners, crown_y):
        self.vertices, self.crown_y = vertices, crown_y
        self.quads = corners.reshape(-1, 4)
        self.sides = {}
        for number, quad in enumerate(self.quads):
            for side in range(4):
                self.sides.setdefault(self._edge(quad, side), []).append((number, side))
        self.chains = self._chains()

    @staticmethod
    def _edge(quad, side):
        a, b = int(quad[side]), int(quad[(side + 1) % 4])
        return (a, b) if a < b else (b, a)

    def _across(self, number, side):
        """The quad and its side that share an edge with this one, or None at a border."""
        for other, its_side in self.sides[self._edge(self.quads[number], side)]:
            if other != number:
                return other, its_side
        return None

    def _crossed(self):
        """Per quad the parity of the two sides that strands cross: steep quads decide, the others follow them."""
        corner = self.vertices[self.quads]
        middle = (corner + np.roll(corner, -1, 1)) / 2
        steep = np.stack([np.abs(middle[:, k, 2] - middle[:, k + 2, 2]) for k in (0, 1)], 1)
        steep /= np.stack([np.linalg.norm(middle[:, k] - middle[:, k + 2], axis=1) for k in (0, 1)], 1) + 1e-9
        sure = np.abs(steep[:, 0] - steep[:, 1])
        parity = np.full(len(self.quads), -1)
        for seed in np.argsort(-sure):
            if parity[seed] >= 0:
                continue
            parity[seed] = int(steep[seed, 1] > steep[seed, 0])
            queue = [seed]
            while queue:
                number = queue.pop(0)
                for side in range(4):
                    beside = self._across(number, side)
                    if beside and parity[beside[0]] < 0:
                        crossed = side % 2 == parity[number]
                        parity[beside[0]] = beside[1] % 2 if crossed else 1 - beside[1] % 2
                        queue.append(beside[0])
        return parity

    def _walk(self, number, side, seen):
        """Edges (pairs of vertices in one sense) crossed when leaving `number` through `side`."""
        quad = self.quads[number]
        edge = (int(quad[side]), int(quad[(side + 1) % 4]))
        edges = [edge]
        while beside := self._across(number, side):
            number, entered = beside
            if number in seen:
                break
            seen.add(number)
            quad, side = self.quads[number], (entered + 2) % 4
            rails = {int(quad[entered]): int(quad[(entered - 1) % 4])}
            rails[int(quad[(entered + 1) % 4])] = int(quad[(entered + 2) % 4])
            edge = (rails[edge[0]], rails[edge[1]])
            edges.append(edge)
        return edges

    def _chains(self):
        """Rows of edges from the root (the highest) to the tip: arrays [n,2] of vertices."""
        parity, done, chains = self._crossed(), set(), []
        for number in range(len(self.quads)):
            if number in done:
                continue
            seen = {number}
            down = self._walk(number, parity[number], seen)
            up = self._walk(number, parity[number] + 2, seen)
            done |= seen
            row = np.array([e[::-1] for e in up[::-1]] + down)
            height = self.vertices[row].mean(1)[:, 2]
            top = int(height.argmax())
            parts = [self._combed(part) for part in (row[top:], row[: top + 1][::-1])]
            chains += [part for part in parts if len(part) > 3]
        return chains

    def _combed(self, row):
        """The row without a beginning that runs along the parting, before the crown: hair there falls to the sides."""
        middle = self.vertices[row].mean(1)
        step = np.abs(np.gradient(middle, axis=0)) if len(row) > 1 else np.zeros_like(middle)
        along = (np.abs(middle[:, 0]) < 0.04) & (middle[:, 1] < self.crown_y) & (step[:, 0] < 0.6 * step[:, 1])
        return row[np.flatnonzero(along).max() + 1 :] if along.any() else row

    def strands(self, count, steps, rng, clump=0.55, wander=0.0009, depth=0.004, lowest=-np.inf):
        """Strands [n, steps, 3] in locks and the tone of each [n]; what lies below `lowest` is cut off."""
        widths = np.array([
            np.linalg.norm(self.vertices[c[:, 0]] - self.vertices[c[:, 1]], axis=1).mean() for c in self.chains
        ])
        grown = []
        for chain, share in zip(self.chains, widths / widths.sum()):
            number = rng.poisson(count * share)
            if number:
                grown.append(self._grow(chain, number, steps, rng, clump, wander, depth, lowest))
        paths, tones = zip(*(g for g in grown if len(g[0])))
        return np.concatenate(paths), np.concatenate(tones)

    def _grow(self, chain, number, steps, rng, clump, wander, depth, lowest):
        a, b = self.vertices[chain[:, 0]], self.vertices[chain[:, 1]]
        middle = (a + b) / 2
        keep = middle[:, 2] > lowest
        if keep.sum() < 4:
            return np.empty((0, steps, 3)), np.empty(0, int)
        a, b, middle = a[keep], b[keep], middle[keep]
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(middle, axis=0), axis=1))])
        ends = along[-1] * rng.uniform(0.90, 1.0, number)
        at = np.linspace(0, 1, steps)[None] * ends[:, None]
        a, b = (np.stack([np.interp(at, along, e[:, k]) for k in range(3)], -1) for e in (a, b))
        place = rng.uniform(-0.06, 1.06, number)
        width = np.linalg.norm(b - a, axis=2).mean()
        locks = max(1, int(round(width / 0.006)))
        lock = np.clip((place * locks).astype(int), 0, locks - 1)
        t = np.linspace(0, 1, steps)[None]
        centre = (lock + 0.5)[:, None] / locks
        place = place[:, None] + (centre - place[:, None]) * clump * np.clip(t * 1.4, 0, 1) ** 1.5
        path = a + (b - a) * place[..., None]
        ahead = np.gradient(path, axis=1)
        normal = np.cross(b - a, ahead)
        normal /= np.linalg.norm(normal, axis=2, keepdims=True) + 1e-12
        outwards = path * [1, 1, 0]
        normal *= np.sign((normal * outwards).sum((1, 2), keepdims=True))
        lift = rng.uniform(-depth, 0.35 * depth, (number, 1)) + rng.normal(scale=0.0008, size=(locks, 1))[lock]
        phase = rng.uniform(0, 2 * np.pi, (2, number, 1)) * 0.25 + rng.uniform(0, 2 * np.pi, (2, locks, 1))[:, lock]
        wild = wander * np.exp(rng.normal(scale=0.3, size=(number, 1)))
        wave = [wild * t**1.1 * np.sin(2 * np.pi * (1.3 + 0.6 * k) * t + phase[k]) for k in (0, 1)]
        sideways = (b - a) / (np.linalg.norm(b - a, axis=2, keepdims=True) + 1e-9)
        path = path + normal * (lift * np.clip(t * 4, 0.0, 1) + wave[0])[..., None] + sideways * wave[1][..., None]
        return path, rng.choice(len(TONES), locks, p=TONE_SHARES)[lock]


class Crown:
    """Rounds hair over the top of a head, where modelled sheets show their corners and meet at a hard parting."""

    SPOTS, WIDTH_RADIANS = 3000, 0.20  # the crown is the mean of hair around so many directions, so far aside
    KEPT = 0.25  # of the hair's own distance from the rounded crown
    SMOOTHING_PASSES = 4
    PARTING_METRES, PARTING_STEPS = 0.0022, 2
    FLYAWAY_SHARE, FLYAWAY_METRES = 0.02, 0.003

    def __init__(self, hairs, middle, low, high):
        """`hairs` [n, steps, 3] on a head with this middle; nothing changes below the height `low`, all above `high`."""
        self.middle, self.low, self.high = middle, low, high
        sample = hairs.reshape(-1, 3)[::7]
        way, distance = self._seen_from_middle(sample[sample[:, 2] > low - 0.05])
        spots = way[:: max(1, len(way) // self.SPOTS)]
        pull = np.exp((spots @ way.T - 1) / self.WIDTH_RADIANS**2)
        self.radius = pull @ distance / pull.sum(1)
        self.tree = cKDTree(spots)

    def _seen_from_middle(self, points):
        offset = points - self.middle
        distance = np.linalg.norm(offset, axis=-1)
        return offset / distance[..., None], distance

    def _share(self, points):
        t = np.clip((points[..., 2] - self.low) / (self.high - self.low), 0, 1)
        return t * t * (3 - 2 * t)

    def rounded(self, points, depth=0.0, own=None):
        """Points [n, 3] on the crown's round surface, `depth` under it; they keep a part of `own` distance from it."""
        way, distance = self._seen_from_middle(points)
        own = self._off_round(points) if own is None else own
        wanted = distance - self._off_round(points) + own * self.KEPT - depth
        return points + self._share(points)[:, None] * way * (wanted - distance)[:, None]

    def _off_round(self, points):
        """How far points [n, 3] stand off the round surface."""
        way, distance = self._seen_from_middle(points)
        aside, near = self.tree.query(way, k=12)
        pull = 1 / (aside + 0.01)
        return distance - (self.radius[near] * pull).sum(1) / pull.sum(1)

    def styled(self, hairs, rng):
        """Hair with a soft parting, without waves on the crown, round, and with some flyaway strands."""
        count, steps, _ = hairs.shape
        share = self._share(hairs)
        on_crown = share > 0
        own = self._off_round(hairs[on_crown])
        smooth = hairs.copy()
        for _ in range(self.SMOOTHING_PASSES):
            smooth[:, 1:-1] = (smooth[:, :-2] + 2 * smooth[:, 1:-1] + smooth[:, 2:]) / 4
        fading = np.clip(1 - np.arange(steps) / self.PARTING_STEPS, 0, 1)
        along = smooth[:, :1] - smooth[:, 1:2]
        along /= np.linalg.norm(along, axis=2, keepdims=True) + 1e-9
        over = np.minimum(rng.exponential(self.PARTING_METRES, (count, 1, 1)), 3 * self.PARTING_METRES)
        moved = smooth + along * over * fading[None, :, None]
        hairs = hairs + (moved - hairs) * share[..., None]
        hairs[on_crown] = self.rounded(hairs[on_crown], own=own)
        flying = (rng.random((count, 1)) < self.FLYAWAY_SHARE) * self.FLYAWAY_METRES * rng.random((count, 1))
        way, _ = self._seen_from_middle(hairs)
        return hairs + way * (flying * np.sin(np.pi * np.linspace(0, 1, steps)))[..., None] * self._share(hairs)[..., None]
