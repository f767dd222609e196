"""Sizes, in pixels: of every full picture, of a crop as the generator sees it, and of the part of it that is painted."""

WIDTH_PX, HEIGHT_PX = 1280, 720

# A crop rectangle is enlarged to CROP_PX; the generator sees it without a border.
CROP_PX, BORDER_PX = 328, 4

# The part of the generator's picture that it paints, around all that moves with the mouth.
PAINTED = {"top": 92, "left": 64, "height": 208, "width": 192}
SPARE_PX = 6  # rendered around the painted part


def painted(rectangle):
    """The part [x1,y1,x2,y2] of a crop rectangle [x1,y1,x2,y2] that has to be rendered for every mouth."""
    x1, y1, x2, _ = rectangle
    scale = (x2 - x1) / CROP_PX
    left, top = (PAINTED["left"] + BORDER_PX) * scale, (PAINTED["top"] + BORDER_PX) * scale
    right, bottom = left + PAINTED["width"] * scale, top + PAINTED["height"] * scale
    return [x1 + int(left) - SPARE_PX, y1 + int(top) - SPARE_PX, x1 + int(right) + SPARE_PX, y1 + int(bottom) + SPARE_PX]
