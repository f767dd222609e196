"""The avatar's networks: audio encoder, mouth head and picture generator.

They are trained in two factors that meet in ten mouth parameters (see ``mouth``):

    mel window -> AudioEncoder -> 512 features -> MouthHead (16 frames of features) -> mouth
    reference crop + mouth -> Painter -> crop with that mouth

``Generator`` folds MouthHead in front of Painter, so that what is exported takes the family's audio
tensor. Trained as one, the mouth regresses to half open and never closes on "m".

No batch normalisation: on so little data it is not needed, and nothing has to be folded at export.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lipstream_studio import features, mouth
from lipstream_studio.frame import PAINTED

MOUTH_SIZE = len(mouth.PARAMETERS)
ROI_SIZE = 320


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


class AudioEncoder(nn.Module):
    """Mel window [N, 1, 80, 16] -> features [N, 512], none negative.

    Convolutions stride over bands only and do not pad in time, so that training can run ``rows`` once
    over a whole utterance and share it between the windows, which overlap fivefold.
    """

    SHARED_ROWS = features.WINDOW_ROWS - 6

    def __init__(self, widths: tuple[int, int, int, int] = (16, 48, 96, 160)) -> None:
        super().__init__()
        self.widths = widths
        first, second, third, row = widths
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, first, (5, 3), (2, 1), (2, 0)),
            nn.ReLU(inplace=True),
            nn.Conv2d(first, second, 3, (2, 1), (1, 0)),
            nn.ReLU(inplace=True),
            nn.Conv2d(second, third, 3, (2, 1), (1, 0)),
            nn.ReLU(inplace=True),
            nn.Conv2d(third, row, (10, 1)),
            nn.ReLU(inplace=True),
        )
        for layer in self.convolutions:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        self.out = nn.Linear(row * self.SHARED_ROWS, features.FEATURE_SIZE)

    def forward(self, windows: Tensor) -> Tensor:
        return self.embed(self.rows(windows))

    def rows(self, mel: Tensor) -> Tensor:
        """[N, 1, 80, T] -> [N, row width, T - 6]."""
        # Mel values lie in [-4, 4].
        return self.convolutions(mel / 2).squeeze(2)

    def embed(self, rows: Tensor) -> Tensor:
        """[N, row width, 10] -> [N, 512]."""
        return F.relu(self.out(rows.flatten(1)))


class MouthHead(nn.Module):
    """Audio tensor [N, 32, 16, 16] -> mouth parameters [N, 10].

    Besides an open mouth it predicts three gates (lips pressed, lip under teeth, rest) that override
    it, as contacts override the blend in ``mouth.curve``: a plain regression keeps lips half open.
    Unpadded in time for the same reason as the encoder.
    """

    GATE_MOUTHS = (mouth.LIPS_PRESSED, mouth.LIP_UNDER_TEETH, mouth.REST)
    PRESSED_GATE = 0
    SHARED_ROWS = features.CONTEXT_ROWS - 8

    def __init__(self, width: int = 128, hidden: int = 192) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv1d(features.FEATURE_SIZE, width, 1),
            nn.ReLU(),
            nn.Conv1d(width, width, 5),
            nn.ReLU(),
            nn.Conv1d(width, width, 5),
            nn.ReLU(),
        )
        self.hidden = nn.Linear(width * self.SHARED_ROWS, hidden)
        self.out = nn.Linear(hidden, MOUTH_SIZE + len(self.GATE_MOUTHS))
        gate_mouths = torch.stack([torch.from_numpy(gate) for gate in self.GATE_MOUTHS])
        self.register_buffer("gate_mouths", gate_mouths)

    def forward(self, audio: Tensor) -> Tensor:
        rows = audio.reshape(-1, features.CONTEXT_ROWS, features.FEATURE_SIZE)
        return self.mouths(self.rows(rows.transpose(1, 2)))[0]

    def rows(self, embeddings: Tensor) -> Tensor:
        """[N, 512, T] -> [N, width, T - 8]."""
        return self.convolutions(embeddings)

    def mouths(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """[N, width, 8] -> mouths [N, 10] and gate logits [N, 3]."""
        x = self.out(F.relu(self.hidden(rows.flatten(1))))
        logits = x[:, MOUTH_SIZE:]
        gates = torch.sigmoid(logits)
        result = x[:, :MOUTH_SIZE]
        for index in range(len(self.GATE_MOUTHS)):
            gate = gates[:, index : index + 1]
            result = result + (self.gate_mouths[index] - result) * gate
        return result, logits


class Block(nn.Module):
    """Residual pair of convolutions, steered by the mouth: scale and shift after the first."""

    def __init__(self, width: int, steering: int) -> None:
        super().__init__()
        self.first = conv(width, width)
        self.second = conv(width, width)
        nn.init.zeros_(self.second.weight)
        self.steer = nn.Linear(steering, 2 * width)
        nn.init.zeros_(self.steer.weight)
        nn.init.zeros_(self.steer.bias)

    def forward(self, x: Tensor, steering: Tensor) -> Tensor:
        scale, shift = self.steer(steering)[:, :, None, None].chunk(2, 1)
        y = self.first(x) * (1 + scale) + shift
        return F.relu(x + self.second(F.relu(y)))


class Painter(nn.Module):
    """Reference crop [N, 3, 320, 320] and mouth [N, 10] -> crop with that mouth drawn.

    Only the rectangle that moves with the mouth is computed; the rest of the reference goes through
    untouched. Inside it a draft is made first: the reference plus the change that a quadratic in the
    mouth predicts, solved by least squares (see ``train_generator.fit_draft``). It already has every
    mouth, but knows nothing of head pose and blurs. Then the network, at a quarter of the resolution,
    paints ``draft + mask * opacity * (colour - draft)``. The fixed mask falls to 0 at the rectangle's
    edge, so no seam can show.
    """

    DRAFT_RANK = 32

    # An opening mouth shades the cheeks by a level or two, as far as the rectangle reaches; ended over
    # this many pixels at its sides, which the corners of the mouth never reach, that is not seen.
    # Further down the jaw moves through the sides and must not fade.
    SIDE_FADE = 44

    def __init__(
        self,
        top: int = PAINTED["top"],
        left: int = PAINTED["left"],
        height: int = PAINTED["height"],
        width: int = PAINTED["width"],
        widths: tuple[int, int, int] = (48, 64, 112),
        fade: int = 16,
        steering: int = 96,
    ) -> None:
        super().__init__()
        if any(side % 16 for side in (height, width)):
            raise ValueError(f"painted rectangle {width}x{height} must be in multiples of 16")
        self.shape = dict(
            top=top,
            left=left,
            height=height,
            width=width,
            widths=widths,
            fade=fade,
            steering=steering,
        )
        self.top, self.left, self.height, self.width = top, left, height, width
        fine, middle, coarse = widths
        self.steering = nn.Sequential(
            nn.Linear(MOUTH_SIZE, steering), nn.ReLU(), nn.Linear(steering, steering), nn.ReLU()
        )
        self.stem1 = conv(6, 16, 3, 2)
        self.stem2 = conv(16, fine, 3, 2)
        self.down1 = conv(fine, middle, 3, 2)
        self.middle_in = Block(middle, steering)
        self.down2 = conv(middle, coarse, 3, 2)
        self.coarse = nn.ModuleList([Block(coarse, steering), Block(coarse, steering)])
        self.up1 = conv(coarse, middle, 1)
        self.middle_out = Block(middle, steering)
        self.up2 = conv(middle, fine, 1)
        self.fine = Block(fine, steering)
        self.spread = conv(fine, 64, 1)
        self.detail = conv(16, 16)
        self.paint = conv(16, 16)
        nn.init.normal_(self.paint.weight, std=0.01)
        # Untrained it hardly touches the draft.
        with torch.no_grad():
            self.paint.bias[12:] = -3.0
        self.register_buffer("mask", edge_mask(height, width, fade))
        # Not learnt, hence in no checkpoint.
        self.register_buffer("cheeks", cheek_mask(height, width, self.SIDE_FADE), persistent=False)
        terms = MOUTH_SIZE + MOUTH_SIZE * (MOUTH_SIZE + 1) // 2
        self.register_buffer("draft_mixing", torch.zeros(terms, self.DRAFT_RANK))
        self.register_buffer(
            "draft_changes", torch.zeros(self.DRAFT_RANK, 3 * (height // 2) * (width // 2))
        )

    def forward(self, reference: Tensor, mouths: Tensor) -> Tensor:
        patch = self.patch(reference)
        margins = (
            self.left,
            ROI_SIZE - self.left - self.width,
            self.top,
            ROI_SIZE - self.top - self.height,
        )
        change = F.pad(self.change(patch, mouths) * self.cheeks, margins)
        return (reference + change).clamp(0, 1)

    def patch(self, picture: Tensor) -> Tensor:
        return picture[
            :, :, self.top : self.top + self.height, self.left : self.left + self.width
        ]

    def draft(self, patch: Tensor, mouths: Tensor) -> Tensor:
        changes = quadratic(mouths) @ self.draft_mixing @ self.draft_changes
        changes = changes.reshape(-1, 3, self.height // 2, self.width // 2)
        changes = F.interpolate(changes, scale_factor=2.0, mode="bilinear", align_corners=False)
        return patch + changes * self.mask

    def change(self, patch: Tensor, mouths: Tensor) -> Tensor:
        draft = self.draft(patch, mouths)
        steering = self.steering(mouths * 4)
        fine = F.relu(self.stem1(torch.cat([draft, patch], 1) - 0.5))
        fine = F.relu(self.stem2(fine))
        middle = self.middle_in(F.relu(self.down1(fine)), steering)
        coarse = F.relu(self.down2(middle))
        for block in self.coarse:
            coarse = block(coarse, steering)
        middle = F.relu(middle + double(self.up1(coarse)))
        middle = self.middle_out(middle, steering)
        fine = F.relu(fine + double(self.up2(middle)))
        fine = self.fine(fine, steering)
        x = F.relu(F.pixel_shuffle(self.spread(fine), 2))
        x = F.relu(x + self.detail(x))
        x = F.pixel_shuffle(self.paint(x), 2)
        colour, opacity = x[:, :3] + 0.5, torch.sigmoid(x[:, 3:])
        return draft - patch + (colour - draft) * (opacity * self.mask)


def quadratic(mouths: Tensor) -> Tensor:
    """The parameters and their products, all 0 at rest: [N, 10] -> [N, 65]."""
    rows, columns = torch.triu_indices(MOUTH_SIZE, MOUTH_SIZE)
    return torch.cat([mouths, mouths[:, rows] * mouths[:, columns]], 1)


class Generator(nn.Module):
    """What is served: [N, 6, 320, 320] and [N, 32, 16, 16] -> [N, 3, 320, 320], B,G,R in [0, 1]."""

    def __init__(self, head: MouthHead, painter: Painter) -> None:
        super().__init__()
        self.head = head
        self.painter = painter

    def forward(self, visual: Tensor, audio: Tensor) -> Tensor:
        return self.painter(visual[:, :3], self.head(audio))


def double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def edge_mask(height: int, width: int, fade: int) -> Tensor:
    """1 inside, falling smoothly to 0 over the outer ``fade`` pixels."""
    return (edge_ramp(height, fade)[:, None] * edge_ramp(width, fade)[None])[None, None]


def cheek_mask(height: int, width: int, fade: int) -> Tensor:
    """Falls to 0 at the sides beside the mouth, in the upper two fifths; 1 in the lower third: [height, width]."""
    rows = torch.arange(height, dtype=torch.float32) / height
    jaw = ((rows - 0.4) / 0.27).clamp(0, 1)[:, None]
    return 1 - (1 - edge_ramp(width, fade))[None] * (1 - jaw * jaw * (3 - 2 * jaw))


def edge_ramp(size: int, fade: int) -> Tensor:
    """The same in one dimension: [size]."""
    position = torch.arange(size, dtype=torch.float32)
    distance = torch.minimum(position, size - 1 - position)
    t = (distance / fade).clamp(0, 1)
    return t * t * (3 - 2 * t)
