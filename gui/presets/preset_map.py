"""A map of all presets by their sound: neighbours sound alike."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.widgets import theme as themes
from gui.widgets.theme import Theme

MARGIN = 16
FOOT = 34  # for the name of the chosen preset
DOT = 4.5
REACH = 14.0  # pixels from a dot that still mean it

_STEPS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, 1.0),
    Qt.Key.Key_Down: (0.0, -1.0),
}


@dataclass(frozen=True)
class MapPoint:
    """A preset on the map; `x` and `y` are 0 to 1, rightward and upward."""

    name: str
    about: str
    x: float
    y: float
    colour: QColor
    is_favourite: bool = False


class PresetMap(QWidget):
    """Dots to try by a click or the space bar, to open by a double click or Enter."""

    tried = Signal(str)
    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._points: tuple[MapPoint, ...] = ()
        self._words = ("", "")
        self._open = self._current = ""
        self._under = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Map of the presets by sound")
        self.setToolTip("Click to try, double click to open")

    def sizeHint(self) -> QSize:
        """Ask for a square and a line below it."""
        return QSize(200, 240)

    def show_points(self, points: Sequence[MapPoint], words: tuple[str, str]) -> None:
        """Show other presets; `words` say what grows rightward and upward."""
        self._points, self._words = tuple(points), words
        self._under = -1
        if self._current not in self.names():
            self._choose(self._open if self._open in self.names() else "")
        self.update()

    def show_open(self, name: str) -> None:
        """Mark the preset that is open."""
        self._open = name
        if not self.hasFocus():
            self._choose(name if name in self.names() else "")
        self.update()

    def names(self) -> list[str]:
        """Give the names of all presets on the map."""
        return [point.name for point in self._points]

    def current_name(self) -> str:
        """Give the preset that the keys act on; "" for none."""
        return self._current

    def place_of(self, name: str) -> QPointF:
        """Give where a preset's dot is."""
        return self._place(next(point for point in self._points if point.name == name))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Try what is clicked."""
        point = self._point_at(event.position())
        if point is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(point.name)
            self.tried.emit(point.name)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open what is clicked twice."""
        point = self._point_at(event.position())
        if point is not None:
            self.chosen.emit(point.name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Name what the mouse is on."""
        point = self._point_at(event.position())
        under = self._points.index(point) if point is not None else -1
        if under != self._under:
            self._under = under
            if point is not None:
                QToolTip.showText(event.globalPosition().toPoint(), point.name, self)
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to a neighbour, try it, open it."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None and self._points:
            self._choose(self._neighbour(*step))
        elif event.key() == Qt.Key.Key_Space and self._current:
            self.tried.emit(self._current)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current:
            self.chosen.emit(self._current)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the field, the axes' words, the dots, and the name of the chosen one."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        field = self._field()
        frame = field.adjusted(-MARGIN + 2, -MARGIN - 14, MARGIN - 2, MARGIN + 14)
        painter.setPen(QPen(QColor(self._theme.accent if self.hasFocus() else self._theme.line), 1))
        painter.setBrush(self._theme.colour("screen"))
        painter.drawRoundedRect(frame, themes.RADIUS, themes.RADIUS)
        self._draw_words(painter, frame)
        for place, point in enumerate(self._points):
            self._draw_dot(painter, point, is_under=place == self._under)
        self._draw_name(painter)
        painter.end()

    def _draw_words(self, painter: QPainter, frame: QRectF) -> None:
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        painter.setPen(QColor("#8b919d"))  # on the dark screen of either theme
        inner = frame.adjusted(7, 4, -7, -4)
        if self._words[0]:
            right = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight
            painter.drawText(inner, right, f"{self._words[0]} →")
            painter.drawText(inner, Qt.AlignmentFlag.AlignTop, f"↑ {self._words[1]}")

    def _draw_dot(self, painter: QPainter, point: MapPoint, *, is_under: bool) -> None:
        place = self._place(point)
        is_current = point.name == self._current
        radius = DOT + 1.5 * (is_under or is_current)
        if point.name == self._open:
            painter.setPen(QPen(QColor(self._theme.screen_accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(place, radius + 3.5, radius + 3.5)
        painter.setPen(QPen(QColor("white"), 1.5) if is_current else Qt.PenStyle.NoPen)
        painter.setBrush(point.colour)
        painter.drawEllipse(place, radius, radius)
        if point.is_favourite:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor("white"))
            painter.drawEllipse(place, 1.6, 1.6)

    def _draw_name(self, painter: QPainter) -> None:
        shown = self._points[self._under].name if self._under >= 0 else self._current
        point = next((point for point in self._points if point.name == shown), None)
        if point is None:
            return
        top = self.height() - FOOT + 6
        for line, font, colour, text in (
            (0, themes.font(bold=True), "text", point.name),
            (15, themes.font(themes.SMALL_PIXELS), "dim", point.about),
        ):
            room = QRectF(4, top + line, self.width() - 8, 15)
            painter.setFont(font)
            painter.setPen(self._theme.colour(colour))
            elided = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, elided)

    def _field(self) -> QRectF:
        return QRectF(self.rect()).adjusted(MARGIN, MARGIN + 16, -MARGIN, -MARGIN - FOOT - 16)

    def _place(self, point: MapPoint) -> QPointF:
        field = self._field()
        return QPointF(
            field.left() + point.x * field.width(), field.bottom() - point.y * field.height()
        )

    def _point_at(self, position: QPointF) -> MapPoint | None:
        def away(point: MapPoint) -> float:
            place = self._place(point)
            return math.hypot(place.x() - position.x(), place.y() - position.y())

        nearest = min(self._points, key=away, default=None)
        return nearest if nearest is not None and away(nearest) <= REACH else None

    def _neighbour(self, right: float, up: float) -> str:
        """Give the nearest preset in a direction; one aside counts as farther away."""
        here = next((p for p in self._points if p.name == self._current), None)
        if here is None:
            return self._points[0].name

        def cost(point: MapPoint) -> float:
            along = (point.x - here.x) * right + (point.y - here.y) * up
            aside = (point.x - here.x) * up + (point.y - here.y) * right
            return along + 2.0 * abs(aside) if along > 1e-6 else math.inf

        nearest = min(self._points, key=cost)
        return nearest.name if cost(nearest) < math.inf else here.name

    def _choose(self, name: str) -> None:
        self._current = name
        point = next((point for point in self._points if point.name == name), None)
        self.setAccessibleDescription(f"{point.name}, {point.about}" if point is not None else "")
        self.update()
