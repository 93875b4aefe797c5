"""One row of the table of parameters as one control."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QDial, QInputDialog, QMenu, QSizePolicy, QWidget

from instrument import Parameter

from . import theme as themes
from .theme import Theme
from .units_text import value_text

STEPS = 10_000  # of the slider that a screen reader sees
DRAG_PIXELS = 220.0  # from one end to the other
WHEEL_STEP = 0.02
KEY_STEP = 0.01
PAGE_STEP = 0.1
FINE = 0.1
WHEEL_NOTCH = 120.0
LARGEST = 118  # pixels across
LARGE_TEXT_FROM = 104  # pixels of height

_START_DEGREES, _SWEEP_DEGREES = 225.0, -270.0
_TEXT_HEIGHT = 13


class Knob(QDial):
    """A dial with its value under it and its name under that.

    It is a QDial only so that screen readers know what to do with it; it draws itself and turns
    by its own rules: drag up or down, the wheel, the arrow keys, Ctrl for a tenth of the way.
    """

    turned = Signal(str, float)
    menu_opened = Signal(str, object)  # the parameter's name, and the menu to add to

    def __init__(self, parameter: Parameter, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self._theme = theme
        self._value = parameter.default
        self._position = parameter.to_position(parameter.default)
        self._drag_y: float | None = None
        self._is_hovered = False
        self._mover = ""
        self._is_learned = self._is_learning = False
        self._waiting: float | None = None
        self._detail = ""
        self.setRange(0, STEPS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(44, 26 + 2 * _TEXT_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"{parameter.label}, {parameter.group}")
        self.valueChanged.connect(self._set_by_slider)
        self._show()

    @property
    def current(self) -> float:
        """The value, in the parameter's unit."""
        return self._value

    def show_value(self, value: float) -> None:
        """Show what the instrument says, without telling it back."""
        self._value = self.parameter.clip(value)
        self._position = self.parameter.to_position(value)
        self._show()

    def show_midi(self, mover: str, *, is_learned: bool, is_learning: bool) -> None:
        """Show which MIDI controller moves it.

        Args:
            mover: The controller in words, or "".
            is_learned: Whether the player has chosen it: a dot says so.
            is_learning: Whether the next controller will be its own: a ring says so.
        """
        self._mover, self._is_learned, self._is_learning = mover, is_learned, is_learning
        self._show()

    def show_detail(self, detail: str) -> None:
        """Say more of what it does, in its tooltip."""
        self._detail = detail
        self._show()

    def show_waiting(self, position: float | None) -> None:
        """Show where its MIDI controller points that has yet to come by the value, 0 to 1."""
        if position != self._waiting:
            self._waiting = position
            self._show()

    def sizeHint(self) -> QSize:
        """Ask for a dial of 40 pixels and two lines."""
        return QSize(58, 40 + 2 * _TEXT_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """As small as a dial can be read."""
        return QSize(44, 26 + 2 * _TEXT_HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag_y = event.position().y()
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn by the way since the last place, so that Ctrl can come and go on the way."""
        if self._drag_y is None:
            return
        way = self._drag_y - event.position().y()
        self._drag_y = event.position().y()
        self._turn(way / DRAG_PIXELS * _fineness(event.modifiers()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._drag_y = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go back to the default."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._set(self.parameter.default)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn by the wheel; with Ctrl finely."""
        notches = event.angleDelta().y() / WHEEL_NOTCH
        self._step(notches * WHEEL_STEP, event.modifiers())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn by the arrow and page keys; Home and End are the ends, Delete is the default."""
        ways = {
            Qt.Key.Key_Up: KEY_STEP,
            Qt.Key.Key_Right: KEY_STEP,
            Qt.Key.Key_Down: -KEY_STEP,
            Qt.Key.Key_Left: -KEY_STEP,
            Qt.Key.Key_PageUp: PAGE_STEP,
            Qt.Key.Key_PageDown: -PAGE_STEP,
        }
        places = {
            Qt.Key.Key_Home: self.parameter.minimum,
            Qt.Key.Key_End: self.parameter.maximum,
            Qt.Key.Key_Delete: self.parameter.default,
            Qt.Key.Key_Backspace: self.parameter.default,
        }
        key = event.key()
        if key in ways:
            self._step(ways[Qt.Key(key)], event.modifiers())
        elif key in places:
            self._set(places[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.ask_for_value()
        else:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to type a value, to go back, and what others add."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        typed = QAction("Type a value…", menu)
        typed.triggered.connect(self.ask_for_value)
        default = QAction(f"Default: {value_text(self.parameter, self.parameter.default)}", menu)
        default.triggered.connect(lambda: self._set(self.parameter.default))
        menu.addActions([typed, default])
        menu.addSeparator()
        self.menu_opened.emit(self.parameter.name, menu)
        menu.popup(event.globalPos())

    def ask_for_value(self) -> None:
        """Open a field to type a value into."""
        row = self.parameter
        dialog = QInputDialog(self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(row.label.capitalize())
        dialog.setInputMode(QInputDialog.InputMode.DoubleInput)
        dialog.setLabelText(
            f"{row.label.capitalize()}, {row.minimum:g} to {row.maximum:g} {row.unit}".strip()
        )
        dialog.setDoubleDecimals(3)
        dialog.setDoubleRange(row.minimum, row.maximum)
        dialog.setDoubleValue(self._value)
        dialog.doubleValueSelected.connect(self._set)
        dialog.open()

    def enterEvent(self, event: object) -> None:
        """Show that it can be held."""
        self._is_hovered = True
        self.update()
        super().enterEvent(event)  # type: ignore[arg-type]

    def leaveEvent(self, event: object) -> None:
        """Calm down."""
        self._is_hovered = False
        self.update()
        super().leaveEvent(event)  # type: ignore[arg-type]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the dial, its value and its name."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_large = self.height() > LARGE_TEXT_FROM
        line = _TEXT_HEIGHT + (3 if is_large else 0)
        diameter = min(self.width() - 6, self.height() - 2 * line - 4, LARGEST)
        top = (self.height() - diameter - 2 * line - 2) / 2
        dial = QRectF((self.width() - diameter) / 2, top, diameter, diameter)
        self._paint_dial(painter, dial)
        painter.setFont(themes.font(themes.TEXT_PIXELS if is_large else themes.SMALL_PIXELS))
        self._paint_lines(painter, dial.bottom() + 1, line)
        painter.end()

    def _paint_dial(self, painter: QPainter, dial: QRectF) -> None:
        theme = self._theme
        width = max(2.6, dial.width() / 12)
        ring = dial.adjusted(width / 2, width / 2, -width / 2, -width / 2)
        self._paint_arc(painter, ring, 0.0, 1.0, "line", width)
        row = self.parameter
        origin = row.to_position(0.0) if row.minimum < 0 < row.maximum and row.unit != "dB" else 0.0
        first, last = sorted((origin, self._position))
        if not self._is_learning:
            self._paint_arc(painter, ring, first, last, "accent", width)
        face = ring.adjusted(1.6 * width, 1.6 * width, -1.6 * width, -1.6 * width)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("hover" if self._is_hovered else "raised"))
        painter.drawEllipse(face)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(face)
        self._paint_midi(painter, ring, width)
        self._paint_pointer(painter, face)

    def _paint_midi(self, painter: QPainter, ring: QRectF, width: float) -> None:
        """Draw what there is to see of its MIDI controller: it is awaited, learned, elsewhere."""
        if self._is_learning:
            painter.setPen(QPen(self._theme.colour("rendering"), width, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(ring)
            return
        if self._waiting is not None:
            place = self._waiting
            self._paint_arc(painter, ring, place - 0.01, place + 0.01, "fresh", 1.6 * width)
        if self._is_learned:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("fresh"))
            painter.drawEllipse(QPointF(ring.center().x(), ring.bottom() - width / 2), 2.2, 2.2)

    def _paint_arc(
        self, painter: QPainter, ring: QRectF, first: float, last: float, name: str, width: float
    ) -> None:
        if last <= first:
            return
        pen = QPen(self._theme.colour(name), width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        start = _START_DEGREES + first * _SWEEP_DEGREES
        painter.drawArc(ring, round(16 * start), round(16 * (last - first) * _SWEEP_DEGREES))

    def _paint_pointer(self, painter: QPainter, face: QRectF) -> None:
        painter.save()
        painter.translate(face.center())
        painter.rotate(-(_START_DEGREES + self._position * _SWEEP_DEGREES))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("text"))
        radius = max(1.4, face.width() / 13)
        painter.drawEllipse(QPointF(face.width() / 2 - 2.4 * radius, 0), radius, radius)
        painter.restore()

    def _paint_lines(self, painter: QPainter, top: float, height: int) -> None:
        lines = (
            ("move one", "rendering")
            if self._is_learning
            else (value_text(self.parameter, self._value), "text"),
            (self.parameter.label, "dim"),
        )
        for place, (text, name) in enumerate(lines):
            painter.setPen(self._theme.colour(name))
            rect = QRectF(-4, top + place * height, self.width() + 8, height)
            elided = painter.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideRight, self.width() + 2
            )
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, elided)

    def _step(self, way: float, modifiers: Qt.KeyboardModifier) -> None:
        """Turn by a notch or a key; where only whole numbers are, by at least one of them."""
        row = self.parameter
        if row.curve == "whole":
            least = 1.0 / (row.maximum - row.minimum)
            self._set(row.from_position(row.to_position(self._value) + _at_least(way, least)))
        else:
            self._turn(way * _fineness(modifiers))

    def _turn(self, way: float) -> None:
        self._set(self.parameter.from_position(self._position + way), self._position + way)

    def _set(self, value: float, position: float | None = None) -> None:
        """Take a value from the player and pass it on."""
        value = self.parameter.clip(value)
        position = self.parameter.to_position(value) if position is None else position
        self._position = min(max(position, 0.0), 1.0)  # on the way to the next whole number, too
        if value == self._value:
            return
        self._value = value
        self._show()
        self.turned.emit(self.parameter.name, value)

    def _set_by_slider(self, step: int) -> None:
        """Follow a screen reader, which knows only the slider."""
        self._set(self.parameter.from_position(step / STEPS))

    def _show(self) -> None:
        self.blockSignals(True)
        self.setValue(round(self._position * STEPS))
        self.blockSignals(False)
        value = value_text(self.parameter, self._value)
        midi = "learning MIDI" if self._is_learning else self._mover and f"MIDI: {self._mover}"
        if midi and self._waiting is not None:
            waits_at = value_text(self.parameter, self.parameter.from_position(self._waiting))
            midi += f", at {waits_at}: it takes over when it comes by"
        said = (value, midi, self._detail.replace("\n", " "))
        self.setAccessibleDescription(". ".join(filter(None, said)))
        self.setToolTip(
            f"{self.parameter.label}: {value}\n"
            "Drag, wheel or arrow keys; Ctrl is finer; double click for the default"
            f"{midi and chr(10)}{midi}{self._detail and chr(10)}{self._detail}"
        )
        self.update()


def _at_least(way: float, least: float) -> float:
    return max(way, least) if way > 0 else min(way, -least)


def _fineness(modifiers: Qt.KeyboardModifier) -> float:
    return FINE if modifiers & Qt.KeyboardModifier.ControlModifier else 1.0
