"""Small signs drawn as strokes on a grid of 16 by 16, crisp at any scale."""

import functools
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QIcon,
    QIconEngine,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
    QTransform,
)

GRID = 16.0


def _line(*points: tuple[float, float]) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    return path


def _lock(*, is_open: bool) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(3.5, 7.5, 9, 6.5), 1.5, 1.5)
    lift = 1.8 if is_open else 0.0
    path.moveTo(5.2, 7.5)
    path.lineTo(5.2, 5.2 - lift)
    path.arcTo(QRectF(5.2, 2.4 - lift, 5.6, 5.6), 180, -180)
    path.lineTo(10.8, 5.2 if is_open else 7.5)
    return path


def _dice() -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(2.5, 2.5, 11, 11), 2.5, 2.5)
    for x, y in ((5.6, 5.6), (10.4, 5.6), (8, 8), (5.6, 10.4), (10.4, 10.4)):
        path.addEllipse(QPointF(x, y), 0.55, 0.55)
    return path


def _gear() -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QPointF(8, 8), 2.2, 2.2)
    path.addEllipse(QPointF(8, 8), 4.7, 4.7)
    spokes = ((0, 1), (1, 0), (0.707, 0.707), (0.707, -0.707))
    for x, y in (*spokes, *((-x, -y) for x, y in spokes)):
        path.moveTo(8 + 4.7 * x, 8 + 4.7 * y)
        path.lineTo(8 + 6.6 * x, 8 + 6.6 * y)
    return path


def _save() -> QPainterPath:
    path = _line((8, 2.5), (8, 9.5))
    path.addPath(_line((5, 6.7), (8, 9.7), (11, 6.7)))
    path.addPath(_line((3, 10.5), (3, 13.2), (13, 13.2), (13, 10.5)))
    return path


def _search() -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QPointF(7, 7), 4.2, 4.2)
    path.addPath(_line((10.2, 10.2), (13.5, 13.5)))
    return path


def _dots() -> QPainterPath:
    path = QPainterPath()
    for x in (3.5, 8.0, 12.5):
        path.addEllipse(QPointF(x, 8), 0.8, 0.8)
    return path


def _heart() -> QPainterPath:
    path = QPainterPath(QPointF(8, 13.4))
    path.cubicTo(QPointF(1.2, 8.6), QPointF(1.6, 3.2), QPointF(5, 3.0))
    path.cubicTo(QPointF(6.6, 2.9), QPointF(7.6, 4.0), QPointF(8, 5.0))
    path.cubicTo(QPointF(8.4, 4.0), QPointF(9.4, 2.9), QPointF(11, 3.0))
    path.cubicTo(QPointF(14.4, 3.2), QPointF(14.8, 8.6), QPointF(8, 13.4))
    return path


def _arrow_back() -> QPainterPath:
    path = _line((6.2, 3.2), (3.0, 6.2), (6.2, 9.2))
    path.moveTo(3.2, 6.2)
    path.lineTo(9.4, 6.2)
    path.arcTo(QRectF(6.2, 6.2, 6.6, 6.6), 90, -180)
    path.lineTo(6.8, 12.8)
    return path


def _trail() -> QPainterPath:
    path = QPainterPath()
    for x, y, radius in ((3.2, 11.8, 1.0), (6.2, 8.6, 1.3), (11.2, 5.2, 2.4)):
        path.addEllipse(QPointF(x, y), radius, radius)
    return path


_PATHS: dict[str, Callable[[], QPainterPath]] = {
    "previous": lambda: _line((10, 3.5), (5.5, 8), (10, 12.5)),
    "down": lambda: _line((4, 6), (8, 10.3), (12, 6)),
    "next": lambda: _line((6, 3.5), (10.5, 8), (6, 12.5)),
    "close": lambda: _join(_line((4, 4), (12, 12)), _line((12, 4), (4, 12))),
    "locked": lambda: _lock(is_open=False),
    "unlocked": lambda: _lock(is_open=True),
    "dice": _dice,
    "gear": _gear,
    "heart": _heart,
    "redo": lambda: QTransform(-1, 0, 0, 1, GRID, 0).map(_arrow_back()),
    "save": _save,
    "search": _search,
    "dots": _dots,
    "trail": _trail,
    "undo": _arrow_back,
    "train": lambda: _join(
        _line((2.8, 2.8), (2.8, 13.2), (13.2, 13.2)),
        _line((5, 4.5), (7, 8.5), (9.5, 10.2), (13, 10.8)),
    ),
}


def _join(*paths: QPainterPath) -> QPainterPath:
    joined = QPainterPath()
    for path in paths:
        joined.addPath(path)
    return joined


def draw(
    painter: QPainter,
    name: str,
    rect: QRectF,
    colour: QColor,
    width: float = 1.4,
    *,
    is_filled: bool = False,
) -> None:
    """Draw a sign into a rectangle of the painter; its strokes are made once for each size."""
    ratio = painter.device().devicePixelRatioF()
    size = (round(rect.width() * ratio), round(rect.height() * ratio))
    painter.drawImage(rect, _image(name, colour.rgba(), size, width, is_filled=is_filled))


@functools.lru_cache(maxsize=512)
def _image(
    name: str, colour: int, size: tuple[int, int], width: float, *, is_filled: bool
) -> QImage:
    """Give a sign as a picture of some device pixels."""
    image = QImage(QSize(*size), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size[0] / GRID, size[1] / GRID)
    pen = QPen(QColor.fromRgba(colour), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(QColor.fromRgba(colour) if is_filled else Qt.BrushStyle.NoBrush)
    painter.drawPath(_PATHS[name]())
    painter.end()
    return image


class _Engine(QIconEngine):
    """Draws the sign anew at each size, so no scale factor blurs it."""

    def __init__(self, name: str, colour: QColor, faint: QColor) -> None:
        super().__init__()
        self._name, self._colour, self._faint = name, colour, faint

    def paint(self, painter: QPainter, rect: object, mode: QIcon.Mode, _state: QIcon.State) -> None:
        """Draw into what Qt asks for."""
        colour = self._faint if mode == QIcon.Mode.Disabled else self._colour
        draw(painter, self._name, QRectF(rect), colour)  # type: ignore[call-overload]

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Draw on nothing."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRectF(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> "_Engine":
        """Give another of the same."""
        return _Engine(self._name, self._colour, self._faint)


def icon(name: str, colour: QColor, faint: QColor | None = None) -> QIcon:
    """Give a sign as an icon for a button; `faint` is its colour when it can't be used."""
    return QIcon(_Engine(name, colour, faint or colour))
