"""What moves the pad by itself, drawn on it: the path, where it is heard now, and recording one."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from gui.widgets.theme import Theme
from instrument import PadPath

HEARD_RADIUS = 6.5
DIGITS = 4
NEAR = 0.002  # of the pad's side: motion that far is not worth a mark
WORDS = {
    "path": "Recording: play on the pad, let go when done",
    "drawing": "Drawing: draw on the pad, let go when done",
    "editing": "Editing the path: drag its points, Esc when done",
}
_TRIED = {
    "path": "the next stroke is recorded",
    "drawing": "the next stroke is drawn",
    "editing": "its points can be dragged",
}
KNOT_RADIUS = 4.5
KNOT_REACH = 11.0  # pixels from a knot at which a press still takes it

ToPixels = Callable[[float, float], QPointF]


class PadPathView:
    """Knows the path and where the pad is heard; draws both. It is part of `LatentPad`.

    Attributes:
        path: The pad's, or None.
        heard: Where the pad is heard, (x, y).
        share: How much of the path has been gone, 0..1; -1 while none is played.
        mode: "path" or "drawing" while one is to be made, "editing" while its points can be
            dragged, or "".
    """

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.path: PadPath | None = None
        self.heard = (0.5, 0.5)
        self.share = -1.0
        self.mode = ""

    def words(self) -> str:
        """Say for a screen reader what there is."""
        parts = []
        if self.mode:
            parts.append(f"A path is being made: {_TRIED[self.mode]}.")
        if self.path is not None:
            parts.append(f"It has a path{', which is played' if self.share >= 0.0 else ''}.")
        return " ".join(parts)

    def knot_at(
        self, pixel: QPointF, place: tuple[float, float], to_pixels: ToPixels
    ) -> int | None:
        """Give the number of the path's point that a press at a pixel takes, or None.

        The first one is the finger itself, which moves the whole path.
        """
        ends = self._ends(place, to_pixels)
        ways = [
            ((pixel - end).manhattanLength(), number) for number, end in enumerate(ends) if number
        ]
        nearest, number = min(ways, default=(KNOT_REACH, 0))
        return number if nearest < KNOT_REACH else None

    def with_knot(
        self, number: int, seen: tuple[float, float], place: tuple[float, float]
    ) -> PadPath:
        """Give the path with one of its points where it is seen at a place of the pad."""
        assert self.path is not None
        points = list(self.path.points)
        _, x0, y0 = points[0]
        time = points[number][0]
        x, y = _inside(seen[0] - place[0] + x0), _inside(seen[1] - place[1] + y0)
        points[number] = (time, round(x, DIGITS), round(y, DIGITS))
        return PadPath(tuple(points))

    def _ends(self, place: tuple[float, float], to_pixels: ToPixels) -> list[QPointF]:
        """Give the pixels of the path's points, as it goes from the finger's place."""
        if self.path is None:
            return []
        _, x0, y0 = self.path.points[0]
        return [
            to_pixels(_inside(place[0] + x - x0), _inside(place[1] + y - y0))
            for _, x, y in self.path.points
        ]

    def paint(
        self, painter: QPainter, place: tuple[float, float], area: QRectF, to_pixels: ToPixels
    ) -> None:
        """Draw the path from the finger's place, and where the pad is heard."""
        if self.path is not None:
            ends = self._ends(place, to_pixels)
            strength = 190 if self.share >= 0.0 or self.mode == "editing" else 95
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for shade, width in ((0, 3.6), (255, 1.6)):  # white with a dark edge
                alpha = strength if shade else strength // 3
                pen = QPen(QColor(shade, shade, shade, alpha), width)
                pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
                pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                painter.setPen(pen)
                painter.drawPolyline(QPolygonF(ends))
            if self.mode == "editing":
                painter.setPen(QPen(QColor(0, 0, 0, 160), 1.4))
                painter.setBrush(self._theme.colour("rendering"))
                for end in ends[1:]:
                    painter.drawEllipse(end, KNOT_RADIUS, KNOT_RADIUS)
        if max(abs(self.heard[0] - place[0]), abs(self.heard[1] - place[1])) > NEAR:
            painter.setPen(QPen(QColor(0, 0, 0, 150), 1.6))
            painter.setBrush(QColor("white"))
            painter.drawEllipse(to_pixels(*self.heard), HEARD_RADIUS, HEARD_RADIUS)
        if self.mode:
            painter.setPen(QPen(self._theme.colour("rendering"), 2.0, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(-8, -8, 8, 8), 8, 8)
            painter.setPen(QColor("white"))
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
            painter.drawText(area.adjusted(0, 4, 0, 0), flags, WORDS[self.mode])


def _inside(value: float) -> float:
    return min(max(value, 0.0), 1.0)
