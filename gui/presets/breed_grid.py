"""Nine sounds side by side: a parent in the middle, and its children around it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme as themes
from gui.widgets.theme import Theme

SIDE = 3
PARENT = 4  # the place in the middle
GAP = 5
TALLEST = 1.15  # of a tile's width: a pad is no strip

_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}

Picture = Callable[[QSize], QPixmap]


class BreedGrid(QWidget):
    """Tiles to try by a click or the space bar, to keep by a double click or Enter.

    Attributes:
        current: The tile that the keys act on, 0 to 8 by rows.
    """

    tried = Signal(int)
    chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._tiles: tuple[tuple[str, Picture], ...] = ()
        self.current = PARENT
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(110)
        self.setAccessibleName("Children of the sound")
        self.setToolTip("Click to try, double click to keep")

    def sizeHint(self) -> QSize:
        """Ask for a square."""
        return QSize(200, 190)

    def show_tiles(self, tiles: Sequence[tuple[str, Picture]]) -> None:
        """Show nine sounds by rows, each with its words and its picture; none empties the grid."""
        self._tiles = tuple(tiles)
        self._choose(PARENT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Try what is clicked."""
        place = self._tile_at(event.position())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._choose(place)
            self.tried.emit(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Keep what is clicked twice."""
        place = self._tile_at(event.position())
        if place >= 0:
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to a neighbour, try it, keep it."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None:
            column = min(max(self.current % SIDE + step[0], 0), SIDE - 1)
            row = min(max(self.current // SIDE + step[1], 0), SIDE - 1)
            self._choose(SIDE * row + column)
        elif event.key() == Qt.Key.Key_Space and self._tiles:
            self.tried.emit(self.current)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._tiles:
            self.chosen.emit(self.current)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the tiles."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self._tiles:
            self._paint_nothing(painter)
        for place, (_, picture) in enumerate(self._tiles):
            tile = self.tile(place)
            size = QSize(round(tile.width()), round(tile.height()))
            outline = QPainterPath()
            outline.addRoundedRect(tile, themes.RADIUS, themes.RADIUS)
            painter.setClipPath(outline)
            ratio = self.devicePixelRatioF()
            painter.drawPixmap(tile, picture(size * ratio), QRectF(QPointF(), size * ratio))
            painter.setClipping(False)
            self._draw_edge(painter, tile, place)
        painter.end()

    def _paint_nothing(self, painter: QPainter) -> None:
        """Say why there are no children."""
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(self._theme.colour("accent" if self.hasFocus() else "line"), 1))
        painter.drawRoundedRect(frame, themes.RADIUS, themes.RADIUS)
        painter.setPen(self._theme.colour("dim"))
        words = "Children of the sound stand here once there is one"
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(frame.adjusted(12, 0, -12, 0), flags, words)

    def tile(self, place: int) -> QRectF:
        """Give where a tile is."""
        width = (self.width() - 2 - (SIDE - 1) * GAP) / SIDE
        height = min((self.height() - 2 - (SIDE - 1) * GAP) / SIDE, TALLEST * width)
        column, row = place % SIDE, place // SIDE
        return QRectF(1 + column * (width + GAP), 1 + row * (height + GAP), width, height)

    def _draw_edge(self, painter: QPainter, tile: QRectF, place: int) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if place == self.current:
            colour = self._theme.colour("accent" if self.hasFocus() else "text")
            painter.setPen(QPen(colour, 2))
            painter.drawRoundedRect(tile, themes.RADIUS, themes.RADIUS)
        elif place == PARENT:
            painter.setPen(QPen(self._theme.colour("dim"), 1))
            painter.drawRoundedRect(tile, themes.RADIUS, themes.RADIUS)

    def _tile_at(self, position: QPointF) -> int:
        places = range(len(self._tiles))
        return next((place for place in places if self.tile(place).contains(position)), -1)

    def _choose(self, place: int) -> None:
        self.current = place
        self.setAccessibleDescription(self._tiles[place][0] if self._tiles else "")
        self.update()
