"""The name of one corner of the pad, with its weight, its menu, its dice and its padlock."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from instrument import Corner

from . import icons
from . import theme as themes
from .theme import Theme

CORNER_NAMES = ("bottom left", "bottom right", "top left", "top right")
HEIGHT = 24


class CornerChip(QWidget):
    """A dark pill on the colour field."""

    menu_wanted = Signal(int)
    rerolled = Signal(int)
    lock_toggled = Signal(int, bool)

    def __init__(self, index: int, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._index = index
        where = CORNER_NAMES[index]
        self.name = _NameButton(theme, is_right=index % 2 == 1)
        self.name.clicked.connect(lambda: self.menu_wanted.emit(index))
        self.dice = _SignButton("dice", "dice", theme)
        self.dice.setAccessibleName(f"Re-roll {where}")
        self.dice.setToolTip(f"Draw a new timbre for the corner {where}")
        self.dice.clicked.connect(lambda: self.rerolled.emit(index))
        self.lock = _SignButton("unlocked", "locked", theme)
        self.lock.setCheckable(True)
        self.lock.setAccessibleName(f"Lock {where}")
        self.lock.clicked.connect(lambda checked: self.lock_toggled.emit(index, checked))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 0)
        layout.setSpacing(0)
        parts: list[QWidget] = [self.name, self.dice, self.lock]
        for part in parts if index % 2 == 0 else reversed(parts):
            layout.addWidget(part)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.show_corner(Corner(name=""))

    def show_corner(self, corner: Corner) -> None:
        """Show what stands on the corner."""
        where = CORNER_NAMES[self._index]
        self.name.show_name(corner.name or "nothing yet")
        self.name.setAccessibleName(f"Corner {where}: {corner.name or 'nothing yet'}")
        self.name.setToolTip(f"{corner.name}: choose a timbre for the corner {where}")
        self.lock.setChecked(corner.locked)
        self.lock.setToolTip(
            "Locked: re-rolling leaves it as it is" if corner.locked else "Lock against re-rolling"
        )
        self.dice.setEnabled(not corner.locked)

    def show_weight(self, weight: float) -> None:
        """Show how much of the sound comes from here, 0 to 1."""
        self.name.show_weight(weight)

    def set_maximum_name_width(self, width: int) -> None:
        """Keep the chips of two corners from touching."""
        self.name.setMaximumWidth(max(width - 2 * _SignButton.WIDTH - 8, 40))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the pill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 11, 14, 150))
        painter.drawRoundedRect(QRectF(self.rect()), HEIGHT / 2, HEIGHT / 2)
        painter.end()


class _NameButton(QAbstractButton):
    """Name and weight."""

    def __init__(self, theme: Theme, *, is_right: bool) -> None:
        super().__init__()
        self._theme = theme
        self._is_right = is_right
        self._name = ""
        self._percent = 25
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def show_name(self, name: str) -> None:
        self._name = name
        self.updateGeometry()
        self.update()

    def show_weight(self, weight: float) -> None:
        percent = round(100 * weight)
        if percent != self._percent:
            self._percent = percent
            self.update()

    def sizeHint(self) -> QSize:
        name = QFontMetricsF(themes.font(bold=True)).horizontalAdvance(self._name)
        return QSize(round(name + self._weight_width()) + 20, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = -1 if self._is_right else 1
        align = Qt.AlignmentFlag.AlignRight if self._is_right else Qt.AlignmentFlag.AlignLeft
        align |= Qt.AlignmentFlag.AlignVCenter
        room = self.rect().adjusted(*((4, 0, -8, 0) if self._is_right else (8, 0, -4, 0)))
        weight_width = self._weight_width()
        bold = themes.font(bold=True)
        name = QFontMetricsF(bold).elidedText(
            self._name, Qt.TextElideMode.ElideRight, room.width() - weight_width
        )
        painter.setFont(bold)
        painter.setPen(QColor("white"))
        painter.drawText(room, align, name)
        shift = round(side * (QFontMetricsF(bold).horizontalAdvance(name) + 6))
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        painter.setPen(QColor(255, 255, 255, 190))
        painter.drawText(room.translated(shift, 0), align, f"{self._percent} %")
        if self.hasFocus() or self.underMouse():
            name_line = QRectF(room.left(), self.height() - 4.0, room.width(), 1.2)
            painter.fillRect(name_line, self._theme.colour("accent"))
        painter.end()

    def _weight_width(self) -> float:
        return QFontMetricsF(themes.font(themes.SMALL_PIXELS)).horizontalAdvance("100 %") + 8


class _SignButton(QAbstractButton):
    """A sign that can be pressed, with another sign when it is checked."""

    WIDTH = 22

    def __init__(self, sign: str, checked_sign: str, theme: Theme) -> None:
        super().__init__()
        self._signs = {False: sign, True: checked_sign}
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(self.WIDTH, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        colour = QColor(255, 255, 255, 150)
        if not self.isEnabled():
            colour.setAlpha(60)
        elif self.hasFocus() or self.isChecked():
            colour = QColor(self._theme.accent)
        elif self.underMouse():
            colour.setAlpha(255)
        rect = QRectF((self.width() - 14) / 2, (self.height() - 14) / 2, 14, 14)
        icons.draw(painter, self._signs[self.isChecked()], rect, colour)
        painter.end()
