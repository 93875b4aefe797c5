"""Curves over the notes seen: losses and measures of a training run."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme as themes
from .theme import Theme

Curve = Sequence[tuple[float, float]]

_COLOURS = ("accent", "fresh", "good", "error", "stale", "rendering")
_MOST_POINTS = 400
_LEFT, _TOP, _BOTTOM, _RIGHT = 52.0, 27.0, 18.0, 8.0
_LOG_RATIO = 20.0  # curves that differ more are drawn on a logarithmic scale


class CurveView(QWidget):
    """Draws a few named curves on common axes."""

    def __init__(self, title: str, empty: str, theme: Theme) -> None:
        """Make a view without curves.

        Args:
            title: Over the curves.
            empty: Said in their place while there are none.
            theme: The colours.
        """
        super().__init__()
        self._title, self._empty, self._theme = title, empty, theme
        self._curves: dict[str, Curve] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(180, 96)
        self.setAccessibleName(title)

    def sizeHint(self) -> QSize:
        """Wide enough to read."""
        return QSize(320, 150)

    def show_curves(self, curves: dict[str, Curve]) -> None:
        """Show curves by name, each as (notes seen, value); what is no number is left out."""
        finite = {
            name: [point for point in curve if math.isfinite(point[1])]
            for name, curve in curves.items()
        }
        self._curves = {name: curve for name, curve in finite.items() if curve}
        last = ", ".join(f"{name} {curve[-1][1]:.3g}" for name, curve in self._curves.items())
        self.setAccessibleDescription(last)
        self.setToolTip(last)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw title, axes, curves and their names."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        painter.setPen(self._theme.colour("dim"))
        painter.drawText(
            QRectF(2, 0, self.width(), _TOP), Qt.AlignmentFlag.AlignVCenter, self._title
        )
        room = QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)
        if self._curves:
            self._draw_names(painter)
            self._draw_curves(painter, room)
        else:
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self._empty)
        painter.end()

    def _draw_names(self, painter: QPainter) -> None:
        metrics = QFontMetricsF(painter.font())
        x = metrics.horizontalAdvance(self._title) + 18
        for name, colour in zip(self._curves, self._colours(), strict=False):
            width = metrics.horizontalAdvance(name)
            if x + width > self.width():
                return
            painter.setPen(colour)
            painter.drawText(QPointF(x, 0.5 * (_TOP + metrics.capHeight())), name)
            x += width + 12

    def _draw_curves(self, painter: QPainter, room: QRectF) -> None:
        points = [point for curve in self._curves.values() for point in curve]
        left, right = min(x for x, _ in points), max(x for x, _ in points)
        low, high = min(y for _, y in points), max(y for _, y in points)
        is_log = low > 0 and high / low > _LOG_RATIO
        scale = math.log if is_log else float
        bottom, top = scale(low), scale(high)
        if top - bottom < 1e-12:
            bottom, top = bottom - 0.5 * abs(bottom) - 1e-6, top + 0.5 * abs(top) + 1e-6

        def place(x: float, y: float) -> QPointF:
            along = (x - left) / (right - left) if right > left else 0.0
            up = (scale(y) - bottom) / (top - bottom)
            return QPointF(room.left() + along * room.width(), room.bottom() - up * room.height())

        self._draw_axes(painter, room, (left, right), (bottom, top), is_log=is_log)
        for curve, colour in zip(self._curves.values(), self._colours(), strict=False):
            painter.setPen(QPen(colour, 1.4))
            step = max(1, len(curve) // _MOST_POINTS)
            shown = [*curve[:-1:step], curve[-1]]
            painter.drawPolyline(QPolygonF([place(x, y) for x, y in shown]))
            painter.setBrush(colour)
            painter.drawEllipse(place(*curve[-1]), 2, 2)

    def _draw_axes(
        self,
        painter: QPainter,
        room: QRectF,
        across: tuple[float, float],
        up: tuple[float, float],
        *,
        is_log: bool,
    ) -> None:
        """Draw three lines with their values, and the notes seen at both ends."""
        for share in (0.0, 0.5, 1.0):
            value = up[0] + share * (up[1] - up[0])
            y = room.bottom() - share * room.height()
            painter.setPen(QPen(self._theme.colour("line"), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(self._theme.colour("dim"))
            words = f"{math.exp(value) if is_log else value:.3g}"
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 8, _LEFT - 5, 16), right, words)
        below = QRectF(room.left(), room.bottom() + 2, room.width(), _BOTTOM - 2)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"{across[0]:,.0f}")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{across[1]:,.0f} notes seen")

    def _colours(self) -> list[QColor]:
        return [self._theme.colour(name) for name in _COLOURS]
