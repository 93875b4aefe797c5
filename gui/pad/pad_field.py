"""The pad's ground: a soft field of the points' colours under a fine grid, kept as a picture."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPixmap, QRadialGradient

from gui.widgets import theme as themes
from gui.widgets.theme import RADIUS, Theme
from gui.widgets.timbre_colour import Features, Place, colour_of, field_image

from .edge_words import edge_words

PIXELS = 28  # a side of the small image that is scaled up: the field has no detail finer
DRAFT_PIXELS = 12  # while points are dragged: a fifth of the work
N_GRID = 8
GLOW = 0.3  # of the pad's diagonal: how far a point lights up the ground
WORD_ROOM = 22  # pixels inside the edge
PLAYABLE = 0.95  # share of notes in tune from which on a place is not shaded
SHADED = 0.08  # of the pad's longer side, around a place
CORNER_RADIUS = RADIUS + 4.0


class PadField:
    """Draws the field once for a size, points and colours, and again when one of them changes."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._features: tuple[Features, ...] = ()
        self._places: tuple[Place | None, ...] = ()
        self._seen: tuple[Place, ...] = ()
        self._is_draft = False
        self._marks: tuple[tuple[float, float, float], ...] = ()
        self._key: object = None
        self._pixmap, self._ringed = QPixmap(), QPixmap()

    def show_points(
        self,
        features: Sequence[Features],
        places: Sequence[Place | None],
        seen: Sequence[Place],
        *,
        is_draft: bool = False,
    ) -> None:
        """Take the points' colours and places.

        Args:
            features: Of the points.
            places: As `pad_weights` takes them.
            seen: Where each of them is seen.
            is_draft: Whether they are still moving: then it is drawn coarsely.
        """
        self._features, self._places = tuple(features), tuple(places)
        self._seen = tuple(seen)
        self._is_draft = is_draft

    def show_marks(self, marks: Sequence[tuple[float, float, float]]) -> None:
        """Take places, x and y, with the share of their notes that are in tune."""
        self._marks = tuple(mark for mark in marks if mark[2] < PLAYABLE)

    def pixmap(
        self, size: QSize, active: QRectF, ratio: float, *, is_ringed: bool = False
    ) -> QPixmap:
        """Give the picture.

        Args:
            size: Of the widget, in its own pixels.
            active: The part that the finger can reach: the field's corners are its corners.
            ratio: Of the screen's pixels to the widget's.
            is_ringed: Whether a ring around it says that the keys are the pad's.
        """
        key = (size, active, ratio, self._features, self._places, self._is_draft, self._marks)
        if key != self._key:
            self._key = key
            self._pixmap = self._draw(size, active, ratio)
            self._ringed = QPixmap()
        if not is_ringed:
            return self._pixmap
        if self._ringed.isNull():
            self._ringed = self._with_ring(size)
        return self._ringed

    def _with_ring(self, size: QSize) -> QPixmap:
        pixmap = QPixmap(self._pixmap)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("accent", 0.75), 1.6))
        whole = QRectF(0, 0, size.width(), size.height())
        painter.drawRoundedRect(whole.adjusted(1, 1, -1, -1), CORNER_RADIUS, CORNER_RADIUS)
        painter.end()
        return pixmap

    def _draw(self, size: QSize, active: QRectF, ratio: float) -> QPixmap:
        pixmap = QPixmap(size * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self._theme.colour("window"))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        whole = QRectF(0, 0, size.width(), size.height())
        outline = QPainterPath()
        outline.addRoundedRect(whole, CORNER_RADIUS, CORNER_RADIUS)
        painter.setClipPath(outline)
        if self._features:
            n = DRAFT_PIXELS if self._is_draft else PIXELS
            view = (
                -active.left() / active.width(),
                (active.bottom() - size.height()) / active.height(),
                (size.width() - active.left()) / active.width(),
                active.bottom() / active.height(),
            )
            painter.drawImage(whole, field_image(self._features, self._places, n, view=view))
            self._glow(painter, active, whole)
            self._shade(painter, active)
        else:
            painter.fillRect(whole, self._theme.colour("panel"))
        self._draw_grid(painter, active)
        if self._features and not self._is_draft:
            self._draw_words(painter, active)
        painter.end()
        return pixmap

    def _draw_words(self, painter: QPainter, active: QRectF) -> None:
        """Say at the edges what grows towards them."""
        right, up = edge_words(self._features, self._places)
        painter.setFont(themes.font(themes.TEXT_PIXELS))
        painter.setPen(QColor(255, 255, 255, 150))
        flags = Qt.AlignmentFlag.AlignVCenter
        if right:
            room = QRectF(active.left(), active.bottom() - WORD_ROOM, active.width(), WORD_ROOM)
            painter.drawText(room, flags | Qt.AlignmentFlag.AlignHCenter, f"{right} →")
        if up:
            painter.save()
            painter.translate(active.left(), active.center().y())
            painter.rotate(-90)
            room = QRectF(-active.height() / 2, 0, active.height(), WORD_ROOM)
            painter.drawText(room, flags | Qt.AlignmentFlag.AlignHCenter, f"{up} →")
            painter.restore()

    def _glow(self, painter: QPainter, active: QRectF, whole: QRectF) -> None:
        """Let every point light up the ground around it, and the edges fall into shade."""
        painter.setPen(Qt.PenStyle.NoPen)
        shade = QRadialGradient(whole.center(), 0.75 * max(whole.width(), whole.height()))
        shade.setColorAt(0.35, QColor(8, 9, 13, 0))
        shade.setColorAt(1.0, QColor(8, 9, 13, 120))
        painter.fillRect(whole, shade)
        reach = GLOW * math.hypot(active.width(), active.height())
        for (x, y), features in zip(self._seen, self._features, strict=True):
            centre = QPointF(
                active.left() + x * active.width(), active.bottom() - y * active.height()
            )
            colour = colour_of(features, depth=0.3)
            light = QRadialGradient(centre, reach)
            for stop, alpha in ((0.0, 150), (0.35, 62), (1.0, 0)):
                colour.setAlpha(alpha)
                light.setColorAt(stop, colour)
            painter.fillRect(whole, light)

    def _shade(self, painter: QPainter, active: QRectF) -> None:
        """Hatch around places whose notes are out of tune, the denser the more of them."""
        painter.setPen(Qt.PenStyle.NoPen)
        reach = SHADED * max(active.width(), active.height())
        for x, y, share in self._marks:
            centre = QPointF(
                active.left() + x * active.width(), active.bottom() - y * active.height()
            )
            strength = 1.0 - share
            veil = QRadialGradient(centre, reach)
            veil.setColorAt(0.0, QColor(10, 10, 14, round(200 * strength)))
            veil.setColorAt(1.0, QColor(10, 10, 14, 0))
            painter.setBrush(veil)
            painter.drawEllipse(centre, reach, reach)
            hatch = QColor(255, 255, 255, round(90 * strength))
            painter.setBrush(QBrush(hatch, Qt.BrushStyle.BDiagPattern))
            painter.drawEllipse(centre, 0.6 * reach, 0.6 * reach)

    def _draw_grid(self, painter: QPainter, active: QRectF) -> None:
        painter.setPen(QPen(QColor(255, 255, 255, 20), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for place in range(1, N_GRID):
            x = active.left() + place / N_GRID * active.width()
            y = active.top() + place / N_GRID * active.height()
            painter.drawLine(QPointF(x, active.top()), QPointF(x, active.bottom()))
            painter.drawLine(QPointF(active.left(), y), QPointF(active.right(), y))
        painter.setPen(QPen(QColor(255, 255, 255, 34), 1))
        painter.drawRoundedRect(active, 3, 3)
