"""The pitch wheel, which springs back, and the mod wheel, which stays."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from . import theme as themes
from .theme import Theme

STEPS = 1000
KEY_STEP = 0.05
CAPTION_HEIGHT = 15


class Wheel(QSlider):
    """An upright wheel from `lowest` to 1; a QSlider for the sake of screen readers."""

    rolled = Signal(float)

    def __init__(
        self,
        caption: str,
        theme: Theme,
        *,
        lowest: float = 0.0,
        springs_back: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._caption = caption
        self._theme = theme
        self._lowest = lowest
        self._springs_back = springs_back
        self._amount = 0.0
        self._is_held = False
        self.setRange(round(lowest * STEPS), STEPS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{caption} wheel")
        springing = "; it springs back" if springs_back else ""
        self.setToolTip(f"{caption.capitalize()} wheel{springing}")
        self.valueChanged.connect(lambda step: self._roll(step / STEPS))

    @property
    def amount(self) -> float:
        """Where the wheel is, `lowest` to 1."""
        return self._amount

    def show_amount(self, amount: float) -> None:
        """Show what the instrument says, unless a hand is on the wheel."""
        if not self._is_held and amount != self._amount:
            self._amount = amount
            self._show()

    def sizeHint(self) -> QSize:
        """Ask for the width of a thumb."""
        return QSize(32, 120)

    def minimumSizeHint(self) -> QSize:
        """Stay wide enough for the caption."""
        return QSize(30, 60)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold where the mouse is."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_held = True
            self._roll_to(event.position().y())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Roll."""
        if self._is_held:
            self._roll_to(event.position().y())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._is_held = False
        if self._springs_back:
            self._roll(0.0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Roll what stays; a wheel that springs back has no way to be let go here."""
        if not self._springs_back:
            self._roll(self._amount + event.angleDelta().y() / 120 * KEY_STEP)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Roll by the arrow keys; Home, Delete: back to the middle or the bottom."""
        steps = {Qt.Key.Key_Up: KEY_STEP, Qt.Key.Key_Down: -KEY_STEP}
        if event.key() in steps:
            self._roll(self._amount + steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_Delete):
            self._roll(0.0)
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Spring back when the arrow key comes up."""
        is_arrow = event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)
        if self._springs_back and is_arrow and not event.isAutoRepeat():
            self._roll(0.0)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: object) -> None:
        """Leave no bend behind."""
        if self._springs_back:
            self._is_held = False
            self._roll(0.0)
        super().focusOutEvent(event)  # type: ignore[arg-type]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the slot, the wheel's mark and the caption."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        slot = self._slot()
        painter.setPen(QPen(theme.colour("accent" if self.hasFocus() else "line"), 1))
        painter.setBrush(theme.colour("panel"))
        painter.drawRoundedRect(slot, themes.RADIUS, themes.RADIUS)
        middle = self._y_of(0.0)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(
            round(slot.left() + 5), round(middle), round(slot.right() - 5), round(middle)
        )
        place = self._y_of(self._amount)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent", 0.22))
        painter.drawRect(
            QRectF(slot.left() + 4, min(place, middle), slot.width() - 8, abs(place - middle))
        )
        painter.setBrush(theme.colour("accent"))
        painter.drawRoundedRect(QRectF(slot.left() + 4, place - 2, slot.width() - 8, 4), 2, 2)
        painter.setPen(theme.colour("dim"))
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        caption = QRectF(-4, self.height() - CAPTION_HEIGHT, self.width() + 8, CAPTION_HEIGHT)
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, self._caption)
        painter.end()

    def _slot(self) -> QRectF:
        return QRectF(0.5, 0.5, self.width() - 1, self.height() - CAPTION_HEIGHT - 3)

    def _y_of(self, amount: float) -> float:
        slot = self._slot().adjusted(0, 8, 0, -8)
        return slot.bottom() - (amount - self._lowest) / (1.0 - self._lowest) * slot.height()

    def _roll_to(self, y: float) -> None:
        slot = self._slot().adjusted(0, 8, 0, -8)
        share = (slot.bottom() - y) / max(slot.height(), 1.0)
        self._roll(self._lowest + share * (1.0 - self._lowest))

    def _roll(self, amount: float) -> None:
        amount = min(max(amount, self._lowest), 1.0)
        if amount != self._amount:
            self._amount = amount
            self._show()
            self.rolled.emit(amount)

    def _show(self) -> None:
        self.blockSignals(True)
        self.setValue(round(self._amount * STEPS))
        self.blockSignals(False)
        self.setAccessibleDescription(f"{100 * self._amount:.0f} %")
        self.update()
