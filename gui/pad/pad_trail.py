"""Where the finger has just been on the pad: a line that fades."""

import time

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen

from .pad_path_view import ToPixels

SECONDS = 1.1
MOST_POINTS = 96
STROKE_POINTS = 6  # that are drawn alike


class PadTrail:
    """The last places of the finger with their times."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float, float]] = []

    def add(self, x: float, y: float) -> None:
        """The finger leaves a place."""
        self._points = [*self._points[-MOST_POINTS:], (time.monotonic(), x, y)]

    def fade(self) -> bool:
        """Forget what is too old to be seen; tells whether anything is left."""
        oldest = time.monotonic() - SECONDS
        self._points = [point for point in self._points if point[0] > oldest]
        return bool(self._points)

    def paint(self, painter: QPainter, place: tuple[float, float], to_pixels: ToPixels) -> None:
        """Draw it, up to where the finger is."""
        now = time.monotonic()
        points = [*self._points, (now, *place)]
        pixels = [to_pixels(x, y) for _, x, y in points]
        # each stroke begins where the last one ends; one for each point would cost most of a frame
        for first in range(0, len(points) - 1, STROKE_POINTS):
            last = min(first + STROKE_POINTS, len(points) - 1)
            strength = max(0.0, 1.0 - (now - points[last][0]) / SECONDS)
            pen = QPen(QColor(255, 255, 255, round(170 * strength)), 1.0 + 6.0 * strength)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPolyline(pixels[first : last + 1])
