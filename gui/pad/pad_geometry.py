"""Where places of the pad are in a widget's pixels, and how large things on it are drawn."""

from PySide6.QtCore import QPointF, QRectF, QSizeF

SIDE, ABOVE, BELOW = 30.0, 24.0, 44.0  # pixels around what the finger can reach: discs, names
USUAL_SIDE = 620.0  # pixels of a pad, up to which points and finger are drawn as they are
LARGEST_SCALE = 2.2


class PadGeometry:
    """Of a pad of some size.

    Attributes:
        scale: How large points and finger are drawn: larger on a pad that fills a large screen.
        active: The part that the finger can reach, in pixels.
    """

    def __init__(self, size: QSizeF) -> None:
        shorter = min(size.width(), size.height())
        self.scale = scale = min(max(shorter / USUAL_SIDE, 1.0), LARGEST_SCALE)
        self.active = QRectF(QPointF(), size).adjusted(
            scale * SIDE, scale * ABOVE, -scale * SIDE, -scale * BELOW
        )

    def to_pixels(self, x: float, y: float) -> QPointF:
        """Give where a place of the pad is on the widget."""
        active = self.active
        return QPointF(active.left() + x * active.width(), active.bottom() - y * active.height())

    def to_place(self, pixel: QPointF) -> tuple[float, float]:
        """Give the place of the pad that a pixel shows; beyond the edge, the nearest on it."""
        active = self.active
        x = (pixel.x() - active.left()) / active.width()
        y = (active.bottom() - pixel.y()) / active.height()
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
