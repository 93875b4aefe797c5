"""One timbre point of the pad: a disc in its colour with its name and weight, to be dragged."""

import functools
import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QRadialGradient,
)
from PySide6.QtWidgets import QAbstractButton, QWidget

from gui.widgets import icons
from gui.widgets import theme as themes
from gui.widgets.halo_text import paint_halo_text
from gui.widgets.theme import Theme
from instrument import Corner

RADIUS = 10.0
REACH = RADIUS + 4.0  # from the disc's middle to the widget's upper edge
LINE = 17  # pixels of the name's height
WIDEST_NAME = 150.0
DRAG_FROM = 5.0  # pixels: less is a click
FINE_STEP, COARSE_STEP = 0.01, 0.1
_LOCK = 12.0
_EDGE = 2.0  # pixels beyond the disc for its dark edge
_WAYS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Down: (0.0, -1.0),
    Qt.Key.Key_Up: (0.0, 1.0),
}


class PointHandle(QAbstractButton):
    """A point. A click puts the finger there; a locked one lets drags through to the pad."""

    dragged = Signal(int, QPointF)  # to a place in the pad's pixels
    dropped = Signal(int)
    stepped = Signal(int, float, float)  # of the pad's side
    touched = Signal(int)
    menu_wanted = Signal(int)
    rerolled = Signal(int)
    lock_toggled = Signal(int, bool)
    rename_wanted = Signal(int)
    removed = Signal(int)

    def __init__(self, index: int, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._index = index
        self._theme = theme
        self._corner = Corner(name="")
        self._colour = QColor("grey")
        self._percent = 0
        self._centre = QPointF(REACH, REACH)  # of the disc
        self._pressed_at: QPointF | None = None
        self._is_dragged = self._is_target = False
        self._scale = 1.0
        self._pictures: dict[tuple[object, ...], QPixmap] = {}  # by what is seen of it
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.show_point(self._corner, self._colour)

    @property
    def is_dragged(self) -> bool:
        """Whether it is being moved."""
        return self._is_dragged

    @property
    def percent(self) -> int:
        """How much of the sound is its, as shown."""
        return self._percent

    def show_point(self, corner: Corner, colour: QColor) -> None:
        """Show what the point is."""
        self._corner, self._colour = corner, colour
        self._pictures.clear()
        self._tell()
        self.update()

    def show_weight(self, weight: float) -> None:
        """Show how much of the sound comes from here, 0 to 1."""
        percent = round(100 * weight)
        if percent != self._percent:
            self._percent = percent
            self._describe()
            self.update()

    def show_target(self, is_target: bool) -> None:
        """Show that what is being dragged would land here."""
        if is_target != self._is_target:
            self._is_target = is_target
            self.update()

    def stand_at(self, place: QPointF, within: QRectF, scale: float = 1.0) -> None:
        """Put the disc's middle at a place of the pad, and the name under it, all within a part.

        Args:
            place: In the pad's pixels.
            within: That the name does not leave.
            scale: How large all is drawn.
        """
        self._scale = scale
        self._pictures.clear()
        size = self.sizeHint()
        left = min(max(place.x() - size.width() / 2, within.left()), within.right() - size.width())
        top = round(place.y() - scale * REACH)
        self._centre = QPointF(place.x() - round(left), place.y() - top)
        self.setGeometry(round(left), top, size.width(), size.height())
        self.update()

    def sizeHint(self) -> QSize:
        """Ask for room for the disc, the name and the widest weight."""
        name = QFontMetricsF(self._font(bold=True)).horizontalAdvance(self._name())
        width = min(max(name, self._scale * 2 * RADIUS), self._scale * WIDEST_NAME)
        lock = _LOCK if self._corner.locked else 0.0
        height = self._scale * (2 * REACH + LINE)
        return QSize(round(width + self._weight_width() + self._scale * (10 + lock)), round(height))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold; what is locked does not move, and the pad takes the press."""
        if event.button() != Qt.MouseButton.LeftButton or self._corner.locked:
            event.ignore()
            return
        self._pressed_at = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move with the mouse, once it is no click any more."""
        if self._pressed_at is None:
            event.ignore()
            return
        way = event.position() - self._pressed_at
        if not self._is_dragged and way.manhattanLength() < DRAG_FROM:
            return
        self._is_dragged = True
        self.dragged.emit(self._index, self.mapToParent(self._centre + way))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Stay here; a press without a way puts the finger here."""
        if self._pressed_at is None:
            event.ignore()
            return
        was_dragged, self._is_dragged, self._pressed_at = self._is_dragged, False, None
        (self.dropped if was_dragged else self.touched).emit(self._index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Draw another timbre; a locked point keeps its own, and the pad adds none on it."""
        if event.button() == Qt.MouseButton.LeftButton and not self._corner.locked:
            self.rerolled.emit(self._index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the point's menu."""
        self.menu_wanted.emit(self._index)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move it (Shift: far), R re-rolls, Ctrl+L locks, F2 renames, Delete removes."""
        key, corner = event.key(), self._corner
        if key in _WAYS and not corner.locked:
            is_far = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            step = COARSE_STEP if is_far else FINE_STEP
            right, up = _WAYS[Qt.Key(key)]
            self.stepped.emit(self._index, step * right, step * up)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Menu):
            self.menu_wanted.emit(self._index)
        elif key == Qt.Key.Key_R and not corner.locked:
            self.rerolled.emit(self._index)
        elif key == Qt.Key.Key_L and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.lock_toggled.emit(self._index, not corner.locked)
        elif key == Qt.Key.Key_F2:
            self.rename_wanted.emit(self._index)
        elif key == Qt.Key.Key_Delete:
            self.removed.emit(self._index)
        else:
            event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw from the picture of what it shows now: with the finger all points are drawn anew."""
        ratio = self.devicePixelRatioF()
        key = (self._percent, self.underMouse(), self.hasFocus(), self._is_dragged, ratio)
        picture = self._pictures.get((*key, self._is_target))
        if picture is None:
            picture = self._pictures[(*key, self._is_target)] = self._picture(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, picture)
        painter.end()

    def _picture(self, ratio: float) -> QPixmap:
        """Draw the disc and what stands under it."""
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = self._scale * RADIUS
        is_lit = self.underMouse() or self.hasFocus() or self._is_dragged or self._is_target
        if is_lit:
            ring = self._theme.colour("accent") if self.hasFocus() else QColor(255, 255, 255, 220)
            painter.setPen(QPen(ring, 1.6))
            painter.setBrush(QColor(255, 255, 255, 50))
            painter.drawEllipse(self._centre, radius + 3.0, radius + 3.0)
        disc = _disc(self._colour.rgb(), radius, self.devicePixelRatioF())
        reach = radius + _EDGE
        painter.drawPixmap(self._centre - QPointF(reach, reach), disc)
        self._paint_name(painter)
        painter.end()
        return pixmap

    def _paint_name(self, painter: QPainter) -> None:
        """Draw padlock, name and weight in a line, white with a dark halo."""
        metrics, gap = QFontMetricsF(self._font(bold=True)), 5.0 * self._scale
        lock = self._scale * _LOCK if self._corner.locked else 0.0
        room = self.width() - self._weight_width() - lock - 6
        name = metrics.elidedText(self._name(), Qt.TextElideMode.ElideRight, room)
        percent = f"{self._percent} %"
        after = lock + metrics.horizontalAdvance(name) + gap
        width = after + _advance(percent, self._pixels(bold=False), bold=False)
        left = min(max(self._centre.x() - width / 2, 3.0), self.width() - width - 3.0)
        base = self._centre.y() + self._scale * REACH + metrics.ascent() - 1
        if lock:
            top = base - metrics.capHeight() / 2 - lock / 2
            icons.draw(
                painter, "locked", QRectF(left - 2, top, lock, lock), QColor(255, 255, 255, 220)
            )
        for text, x, is_bold, alpha in ((name, lock, True, 255), (percent, after, False, 205)):
            pixels = self._pixels(bold=is_bold)
            paint_halo_text(painter, left + x, base, text, pixels, bold=is_bold, alpha=alpha)

    def _pixels(self, *, bold: bool) -> int:
        """Give the size of the letters of the name, or of the weight."""
        return round(self._scale * (themes.TEXT_PIXELS if bold else themes.SMALL_PIXELS))

    def _font(self, *, bold: bool) -> QFont:
        return themes.font(self._pixels(bold=bold), bold=bold)

    def _name(self) -> str:
        return self._corner.name or "nothing yet"

    def _weight_width(self) -> float:
        return _advance("100 %", self._pixels(bold=False), bold=False) + 5 * self._scale

    def _tell(self) -> None:
        self.setAccessibleName(f"Point {self._index + 1}: {self._name()}")
        self._describe()
        self.setToolTip(
            f"{self._name()}: locked against re-rolling and moving"
            if self._corner.locked
            else f"{self._name()}: drag to move, double click to re-roll, right click for more"
        )

    def _describe(self) -> None:
        locked = ", locked" if self._corner.locked else ""
        self.setAccessibleDescription(
            f"{self._percent} %{locked}. Arrow keys move it, Return opens its menu, R re-rolls, "
            "Ctrl+L locks, F2 renames, Delete removes."
        )


@functools.lru_cache(256)
def _advance(text: str, pixels: int, *, bold: bool) -> float:
    return QFontMetricsF(themes.font(pixels, bold=bold)).horizontalAdvance(text)


@functools.lru_cache(64)
def _disc(rgb: int, radius: float, ratio: float) -> QPixmap:
    """Draw a disc of a colour with its dark edge and a light from above."""
    reach = radius + _EDGE
    side = math.ceil(2 * reach * ratio)
    pixmap = QPixmap(side, side)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour, centre = QColor.fromRgb(rgb), QPointF(reach, reach)
    light = QRadialGradient(centre - QPointF(0, 0.5 * radius), 1.6 * radius)
    light.setColorAt(0.0, colour.lighter(118))
    light.setColorAt(1.0, colour)
    painter.setPen(QPen(QColor(0, 0, 0, 150), 2))
    painter.setBrush(light)
    painter.drawEllipse(centre, radius, radius)
    painter.end()
    return pixmap
