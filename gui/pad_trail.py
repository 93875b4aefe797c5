"""Where the finger has just been on the pad: a line that fades."""

import itertools
import time

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen

from .pad_path_view import ToPixels

SECONDS = 1.1
MOST_POINTS = 96


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
        for (_, x0, y0), (then, x1, y1) in itertools.pairwise(points):
            strength = max(0.0, 1.0 - (now - then) / SECONDS)
            pen = QPen(QColor(255, 255, 255, round(170 * strength)), 1.0 + 6.0 * strength)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(to_pixels(x0, y0), to_pixels(x1, y1))
