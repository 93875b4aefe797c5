"""The finger on the pad: white, with what sounds in its middle and a ring that says how fresh."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QRadialGradient

from gui.widgets.theme import Theme

RADIUS = 15.0
GLOW = 8.0
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
    painter.save()
    painter.translate(centre)
    painter.scale(scale, scale)
    centre = QPointF()
    glow = QRadialGradient(centre, RADIUS + GLOW)
    glow.setColorAt(0.55, QColor(255, 255, 255, 130))
    glow.setColorAt(1.0, QColor(255, 255, 255, 0))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(glow)
    painter.drawEllipse(centre, RADIUS + GLOW, RADIUS + GLOW)
    painter.setBrush(QColor("white"))
    painter.drawEllipse(centre, RADIUS, RADIUS)
    painter.setBrush(colour)
    painter.drawEllipse(centre, _CORE, _CORE)
    radius = RADIUS - 3.4
    ring = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 50), 2.6))
    painter.drawEllipse(ring)
    painter.setPen(QPen(theme.colour("fresh" if share_fresh >= 1.0 else "rendering"), 2.6))
    painter.drawArc(ring, 90 * 16, round(-360 * 16 * share_fresh))
    painter.restore()
