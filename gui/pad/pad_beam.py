"""A straight line of any thickness, drawn as fast as Qt draws hairlines.

Qt turns a thick smooth line into an outline and fills it, twenty times the work of a hairline;
here hairlines lie side by side.
"""

import math

from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QColor, QPainter, QPen


def paint_beam(
    painter: QPainter, start: QPointF, end: QPointF, width: float, colour: QColor
) -> None:
    """Draw a line.

    Args:
        painter: Where to; smooth when it is.
        start: Of the line.
        end: Of the line.
        width: In the painter's pixels; it is rounded to whole ones of the screen, one at least.
        colour: Its own transparency counts.
    """
    ratio = painter.device().devicePixelRatioF()
    pen = QPen(colour, 1.0)
    pen.setCosmetic(True)
    painter.setPen(pen)
    way = end - start
    # across its shorter side a hairline covers one pixel: so they neither gap nor overlap
    is_steep = abs(way.y()) > abs(way.x())
    length = math.hypot(way.x(), way.y())
    slant = max(abs(way.x()), abs(way.y())) / length if length else 1.0
    n_lines = max(1, round(width * ratio / slant))
    lines = []
    for place in range(n_lines):
        aside = (place - (n_lines - 1) / 2) / ratio
        shift = QPointF(aside, 0.0) if is_steep else QPointF(0.0, aside)
        lines.append(QLineF(start + shift, end + shift))
    painter.drawLines(lines)
