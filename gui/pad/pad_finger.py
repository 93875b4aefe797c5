"""The finger on the pad: white, with what sounds in its middle and a ring that says how fresh."""

import functools
import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QRadialGradient

from gui.widgets.theme import Theme

RADIUS = 15.0
GLOW = 8.0
RING = 2.6  # pixels
_CORE = 7.5


def finger_rect(centre: QPointF, scale: float = 1.0) -> QRect:
    """Give the pixels that the finger may cover."""
    reach = scale * (RADIUS + GLOW) + 1
    return QRectF(centre.x() - reach, centre.y() - reach, 2 * reach, 2 * reach).toAlignedRect()


def paint_finger(
    painter: QPainter,
    centre: QPointF,
    colour: QColor,
    share_fresh: float,
    theme: Theme,
    scale: float = 1.0,
) -> None:
    """Draw the finger.

    Args:
        painter: Of the pad.
        centre: In pixels.
        colour: Of what sounds there.
        share_fresh: Of the notes, 0..1: how far the ring is closed.
        theme: The colours.
        scale: How large.
    """
    body = _body(scale, painter.device().devicePixelRatioF())
    reach = scale * (RADIUS + GLOW)
    painter.drawPixmap(centre - QPointF(reach, reach), body)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(centre, scale * _CORE, scale * _CORE)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    name = "fresh" if share_fresh >= 1.0 else "rendering"
    painter.setPen(QPen(theme.colour(name), scale * RING))
    painter.drawArc(_ring(centre, scale), 90 * 16, round(-360 * 16 * share_fresh))


def _ring(centre: QPointF, scale: float) -> QRectF:
    radius = scale * (RADIUS - 3.4)
    return QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)


@functools.lru_cache(4)
def _body(scale: float, ratio: float) -> QPixmap:
    """Draw what of the finger never changes: its glow, the white disc, the ring's ground."""
    reach = scale * (RADIUS + GLOW)
    side = math.ceil(2 * reach * ratio)
    pixmap = QPixmap(side, side)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    centre = QPointF(reach, reach)
    glow = QRadialGradient(centre, reach)
    glow.setColorAt(0.55, QColor(255, 255, 255, 130))
    glow.setColorAt(1.0, QColor(255, 255, 255, 0))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(glow)
    painter.drawEllipse(centre, reach, reach)
    painter.setBrush(QColor("white"))
    painter.drawEllipse(centre, scale * RADIUS, scale * RADIUS)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 50), scale * RING))
    painter.drawEllipse(_ring(centre, scale))
    painter.end()
    return pixmap
