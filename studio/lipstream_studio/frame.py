"""The size of every full picture, in pixels."""

WIDTH_PX, HEIGHT_PX = 1280, 720
