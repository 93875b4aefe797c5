"""Where the finger has just been on the pad: dots that fade."""

import functools
import time

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

SECONDS = 1.1
MOST_POINTS = 96
N_SHADES = 14  # of dots, from one that is just there to the newest
LARGEST = 4.0  # pixels of the newest dot's radius
_CELL = 10  # pixels of a dot's picture


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

    def paint(self, painter: QPainter, area: QRectF, scale: float = 1.0) -> None:
        """Draw it: a dot where the finger was at each of its moves, the older the smaller.

        Args:
            painter: Of the pad.
            area: What the finger can reach, in pixels.
            scale: How large the dots are.
        """
        now = time.monotonic()
        dots, shades = _dots(scale, painter.device().devicePixelRatioF())
        left, bottom, width, height = area.left(), area.bottom(), area.width(), area.height()
        half = scale * _CELL / 2
        for then, x, y in self._points:
            shade = int(N_SHADES * (1.0 - (now - then) / SECONDS))
            if shade >= 0:
                corner = QPointF(left + x * width - half, bottom - y * height - half)
                painter.drawPixmap(corner, dots, shades[min(shade, N_SHADES - 1)])


@functools.lru_cache(4)
def _dots(scale: float, ratio: float) -> tuple[QPixmap, list[QRectF]]:
    """Draw every shade of a dot side by side, the oldest first; give where each is, too."""
    side = round(scale * ratio * _CELL)
    pixmap = QPixmap(QSize(N_SHADES * side, side))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for shade in range(N_SHADES):
        strength = (shade + 1) / N_SHADES
        radius = scale * ratio * LARGEST * (0.3 + 0.7 * strength)
        painter.setBrush(QColor(255, 255, 255, round(190 * strength**1.4)))
        painter.drawEllipse(QPointF((shade + 0.5) * side, 0.5 * side), radius, radius)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap, [QRectF(shade * side, 0, side, side) for shade in range(N_SHADES)]
