"""The on-screen keys, for mouse and computer keys; each shows how fresh its note is."""

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from instrument import Freshness

from . import theme as themes
from .theme import Theme
from .units_text import note_name

_BLACK = (1, 3, 6, 8, 10)
BLACK_HEIGHT = 0.62
BLACK_WIDTH = 0.60
LID = 12  # pixels of the keys that lie in shade
SOFTEST, LOUDEST = 24, 124  # at the far and at the near end of a key

_FRESHNESS_COLOURS = {
    Freshness.FRESH: "fresh",
    Freshness.RENDERING: "rendering",
    Freshness.STALE: "stale",
}


class Keyboard(QWidget):
    """The keys that the model can play."""

    note_on = Signal(int, int)
    note_off = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lowest, self._highest = 24, 84
        self._freshness = bytes(128)
        self._gated = bytes(128)
        self._pressed: dict[int, int] = {}  # note -> how many hands hold it in this window
        self._mouse_note: int | None = None
        self._letters: dict[int, str] = {}
        self._keys: dict[int, QRectF] = {}
        self._cursor = 60
        self._cursor_down = False
        self.setMinimumHeight(84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Keyboard")
        self.setAccessibleDescription(
            "Play with the mouse or with the computer's keys A W S E D F. "
            "Arrow keys choose a key, Space plays it."
        )
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        """Ask for a width at which the keys are as wide as a finger."""
        return QSize(1000, 130)

    def set_range(self, lowest: int, highest: int) -> None:
        """Show the keys from `lowest` to `highest`."""
        if (lowest, highest) != (self._lowest, self._highest):
            self._lowest, self._highest = lowest, highest
            self._cursor = min(max(self._cursor, lowest), highest)
            self._place_keys()
            self.update()

    def show_freshness(self, freshness: bytes) -> None:
        """Underline each key by one `Freshness` a MIDI note; repaints only what changed."""
        former, self._freshness = self._freshness, freshness
        for note, (was, now) in enumerate(zip(former, freshness, strict=True)):
            if was != now and note in self._keys:
                self.update(_mark_ground(self._keys[note]))

    def show_gated(self, gated: bytes) -> None:
        """Press the keys that are down: a velocity a MIDI note; repaints only what changed."""
        former, self._gated = self._gated, gated
        self._repaint_differences(former, gated)

    def show_letters(self, letters: dict[int, str]) -> None:
        """Write on the keys which letters of the computer play them."""
        for note in self._letters.keys() ^ letters.keys():
            self._repaint(note)
        self._letters = letters

    def key_rect(self, note: int) -> QRectF:
        """Give where a key is; empty when it is not shown."""
        return self._keys.get(note, QRectF())

    def press(self, note: int, velocity: int) -> None:
        """Press a key for one hand: mouse, computer key."""
        self._pressed[note] = self._pressed.get(note, 0) + 1
        if self._pressed[note] == 1:
            self.note_on.emit(note, velocity)
            self._repaint(note)

    def release(self, note: int) -> None:
        """Let one hand go; the note ends with the last."""
        if note not in self._pressed:
            return
        self._pressed[note] -= 1
        if self._pressed[note] == 0:
            del self._pressed[note]
            self.note_off.emit(note)
            self._repaint(note)

    def release_all(self) -> None:
        """Let every hand go."""
        for note in list(self._pressed):
            self._pressed[note] = 1
            self.release(note)
        self._mouse_note = None
        self._cursor_down = False

    def note_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Give the note and the velocity at a place; None beside the keys."""
        for is_black in (True, False):
            for note, rect in self._keys.items():
                if _is_black(note) == is_black and rect.contains(x, y):
                    depth = (y - rect.top()) / rect.height()
                    return note, round(SOFTEST + depth * (LOUDEST - SOFTEST))
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Play the key under the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._mouse_to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Slide over the keys."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._mouse_to(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the key go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._release_mouse()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk along the keys with the arrows, play with Space."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -12, Qt.Key.Key_Up: 12}
        if event.key() in steps:
            self._move_cursor(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat() and not self._cursor_down:
                self._cursor_down = True
                self.press(self._cursor, 96)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End what Space began."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._release_cursor()
        else:
            super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Leave nothing hanging when the window goes to the back."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self._release_mouse()
            self._release_cursor()
        super().changeEvent(event)

    def focusOutEvent(self, event: object) -> None:
        """End what Space began, and hide the cursor."""
        self._release_cursor()
        self._repaint(self._cursor)
        super().focusOutEvent(event)  # type: ignore[arg-type]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the keys out anew."""
        self._place_keys()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the keys inside the part that has to be drawn."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.colour("window"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dirty = event.region()  # not its bounds: keys that change lie far apart
        for is_black in (False, True):
            for note, rect in self._keys.items():
                if _is_black(note) != is_black or not dirty.intersects(rect.toAlignedRect()):
                    continue
                ground = _mark_ground(rect)
                part = dirty.intersected(rect.toAlignedRect())
                if ground.contains(part.boundingRect()):  # only its freshness has changed
                    face = self._face_colour(note, is_black=is_black)
                    painter.fillRect(ground, face)
                    self._paint_mark(painter, note, rect)
                else:
                    self._paint_key(painter, note, rect)
        painter.end()

    def _paint_key(self, painter: QPainter, note: int, rect: QRectF) -> None:
        is_black = _is_black(note)
        face = rect.adjusted(0.5, -6, -0.5, -0.5)  # the upper corners lie outside
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._face_colour(note, is_black=is_black))
        painter.drawRoundedRect(face, 3.5, 3.5)
        self._paint_light(painter, note, rect, is_black=is_black)
        if is_black:
            painter.setPen(QPen(self._theme.colour("window"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(face, 3.5, 3.5)
        self._paint_mark(painter, note, rect)
        self._paint_text(painter, note, rect, is_black=is_black)
        if note == self._cursor and self.hasFocus():
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(face.adjusted(1.5, 0, -1.5, -1.5), 3, 3)

    def _paint_light(self, painter: QPainter, note: int, rect: QRectF, *, is_black: bool) -> None:
        """Let a white key lie in the shade of the lid, and a black one have a bevelled top."""
        if not is_black:
            shade = QLinearGradient(0, 0, 0, LID)
            shade.setColorAt(0.0, QColor(0, 0, 0, 70))
            shade.setColorAt(1.0, QColor(0, 0, 0, 0))
            painter.fillRect(QRectF(rect.left() + 0.5, 0, rect.width() - 1, LID), shade)
        elif not self._gated[note] and note not in self._pressed:
            inset = 0.16 * rect.width()
            top = QRectF(
                rect.left() + inset, -6, rect.width() - 2 * inset, 6 + 0.86 * rect.height()
            )
            painter.setBrush(QColor(255, 255, 255, 16))
            painter.drawRoundedRect(top, 2.5, 2.5)

    def _face_colour(self, note: int, *, is_black: bool) -> QColor:
        velocity = max(self._gated[note], 80 if note in self._pressed else 0)
        base = self._theme.colour("black_key" if is_black else "white_key")
        if not velocity:
            return base
        share = 0.45 + 0.55 * velocity / 127
        accent = self._theme.colour("accent")
        mixed = [
            (1 - share) * low + share * high
            for low, high in zip(base.getRgb()[:3], accent.getRgb()[:3], strict=True)  # type: ignore[index]
        ]
        base.setRgb(*(round(value) for value in mixed))
        return base

    def _paint_mark(self, painter: QPainter, note: int, rect: QRectF) -> None:
        name = _FRESHNESS_COLOURS.get(Freshness(self._freshness[note]))
        if name is None:
            return
        inset = 0.18 * rect.width()
        mark = QRectF(rect.left() + inset, rect.bottom() - 7, rect.width() - 2 * inset, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(name))
        painter.drawRoundedRect(mark, 1.5, 1.5)

    def _paint_text(self, painter: QPainter, note: int, rect: QRectF, *, is_black: bool) -> None:
        letter = self._letters.get(note, "")
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        is_lit = bool(self._gated[note]) or note in self._pressed
        if letter:
            name = "on_accent" if is_lit else "black_key_text" if is_black else "key_text"
            painter.setPen(self._theme.colour(name))
            place = rect.adjusted(0, 0, 0, -11 if is_black else -25)
            painter.drawText(
                place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, letter
            )
        if note % 12 == 0:
            painter.setPen(self._theme.colour("on_accent" if is_lit else "key_text"))
            place = rect.adjusted(-2, 0, 2, -11)
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
            painter.drawText(place, flags, note_name(note))

    def _place_keys(self) -> None:
        notes = range(self._lowest, self._highest + 1)
        n_white = sum(not _is_black(note) for note in notes)
        width = self.width() / max(n_white, 1)
        self._keys = {}
        place = 0.0
        for note in notes:
            if _is_black(note):
                half = BLACK_WIDTH * width / 2
                self._keys[note] = QRectF(place - half, 0, 2 * half, BLACK_HEIGHT * self.height())
            else:
                self._keys[note] = QRectF(place, 0, width, self.height())
                place += width

    def _mouse_to(self, event: QMouseEvent) -> None:
        found = self.note_at(event.position().x(), event.position().y())
        if found is not None and found[0] == self._mouse_note:
            return
        self._release_mouse()
        if found is not None:
            self._mouse_note = found[0]
            self.press(*found)

    def _release_mouse(self) -> None:
        note, self._mouse_note = self._mouse_note, None
        if note is not None:
            self.release(note)

    def _release_cursor(self) -> None:
        if self._cursor_down:
            self._cursor_down = False
            self.release(self._cursor)

    def _move_cursor(self, step: int) -> None:
        self._release_cursor()
        self._repaint(self._cursor)
        self._cursor = min(max(self._cursor + step, self._lowest), self._highest)
        self._repaint(self._cursor)

    def _repaint_differences(self, former: bytes, new: bytes) -> None:
        for note, (was, now) in enumerate(zip(former, new, strict=True)):
            if was != now:
                self._repaint(note)

    def _repaint(self, note: int) -> None:
        rect = self._keys.get(note)
        if rect is not None:
            self.update(rect.toAlignedRect().adjusted(-1, 0, 1, 0))


def _is_black(note: int) -> bool:
    return note % 12 in _BLACK


def _mark_ground(rect: QRectF) -> QRect:
    """Give the pixels of a key that its mark of freshness stands on: nothing else is there."""
    inset = 0.14 * rect.width()
    return QRectF(rect.left() + inset, rect.bottom() - 8, rect.width() - 2 * inset, 5).toRect()
