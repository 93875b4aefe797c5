"""The pad's timbre points as seen: a handle for each, their colours, and lines to the finger."""

import math
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from gui.widgets.theme import Theme
from gui.widgets.timbre_colour import Features, colour_of, corner_features, mixed_colour
from instrument import Corner, Timbre, places_of, weights_at

from .pad_beam import paint_beam
from .point_handle import RADIUS, PointHandle

if TYPE_CHECKING:
    from .latent_pad import LatentPad

REACH = 2.2 * RADIUS  # pixels from a point at which a drop or a touch still means it
EDGE = 4  # pixels that names keep from the widget's edge
LEAST_SHOWN = 0.005  # of the weight: less has no line


class PadPoints(QObject):
    """Knows the points and how they look. It is part of `LatentPad`, which knows the finger."""

    dragged = Signal(int, QPointF)
    dropped = Signal(int)
    stepped = Signal(int, float, float)
    touched = Signal(int)
    menu_wanted = Signal(int)
    rerolled = Signal(int)
    lock_toggled = Signal(int, bool)
    rename_wanted = Signal(int)
    removed = Signal(int)

    def __init__(self, pad: "LatentPad", theme: Theme) -> None:
        super().__init__(pad)
        self._pad = pad
        self._theme = theme
        self.corners: tuple[Corner, ...] = ()
        self.timbres: tuple[Timbre, ...] = ()
        self.features: list[Features] = []
        self.handles: list[PointHandle] = []
        self._weights: tuple[float, ...] = ()

    @property
    def places(self) -> tuple[tuple[float, float], ...]:
        """Where each point is, (x, y)."""
        return places_of(self.corners)

    @property
    def is_dragging(self) -> bool:
        """Whether the mouse holds one."""
        return any(handle.is_dragged for handle in self.handles)

    def show_corners(self, corners: tuple[Corner, ...]) -> None:
        """Take the points; one that the hand holds stays in it."""
        held = next((i for i, handle in enumerate(self.handles) if handle.is_dragged), None)
        if held is not None and held < len(corners) == len(self.corners):
            kept = msgspec.structs.replace(corners[held], place=self.corners[held].place)
            corners = (*corners[:held], kept, *corners[held + 1 :])
        self.corners = corners
        while len(self.handles) > len(corners):
            self.handles.pop().deleteLater()
        while len(self.handles) < len(corners):
            self.handles.append(self._make_handle(len(self.handles)))
        for cover in self._pad.covers:
            if cover.parentWidget() is self._pad:
                cover.raise_()  # over points that are new
        self._colour()
        self.lay_out()

    def show_timbres(self, timbres: tuple[Timbre, ...]) -> None:
        """Take the model's named timbres, which colour the points."""
        self.timbres = timbres
        self._colour()

    def show_target(self, index: int | None) -> None:
        """Show where something that is dragged would land."""
        for number, handle in enumerate(self.handles):
            handle.show_target(number == index)

    def show_finger(self, x: float, y: float) -> list[str]:
        """Show each point's weight at the finger's place; tells them in words, too."""
        self._weights = weights_at(self.corners, x, y) if self.corners else ()
        for handle, weight in zip(self.handles, self._weights, strict=True):
            handle.show_weight(weight)
        return [
            f"{corner.name} {100 * weight:.0f} %"
            for corner, weight in zip(self.corners, self._weights, strict=True)
        ]

    def move(self, index: int, x: float, y: float) -> tuple[float, float]:
        """Show a point at another place at once; gives the place, which is on the pad."""
        x, y = (round(min(max(place, 0.0), 1.0), 4) for place in (x, y))
        places = list(self.places)
        places[index] = (x, y)
        self.corners = tuple(
            msgspec.structs.replace(corner, place=place)
            for corner, place in zip(self.corners, places, strict=True)
        )
        self.lay_out()
        return x, y

    def at(self, pixel: QPointF) -> int | None:
        """Give the point at a pixel, or None."""
        way, index = self._nearest(pixel)
        return index if way < self._pad.where.scale * REACH else None

    def nearest(self, pixel: QPointF) -> int:
        """Give the point that is nearest to a pixel."""
        return self._nearest(pixel)[1]

    def _nearest(self, pixel: QPointF) -> tuple[float, int]:
        ways = [
            ((self._pad.where.to_pixels(*place) - pixel).manhattanLength(), index)
            for index, place in enumerate(self.places)
        ]
        return min(ways, default=(math.inf, 0))

    def colour_at(self, x: float, y: float) -> QColor:
        """Give the colour of what sounds at a place."""
        return mixed_colour(self.features, weights_at(self.corners, x, y))

    def lay_out(self) -> None:
        """Put each handle where its point is."""
        within = QRectF(self._pad.rect()).adjusted(EDGE, 0, -EDGE, 0)
        for handle, place in zip(self.handles, self.places, strict=True):
            handle.stand_at(self._pad.where.to_pixels(*place), within, self._pad.where.scale)

    def paint_lines(self, painter: QPainter, finger: QPointF) -> None:
        """Draw a line from the finger to each point, as thick as its weight."""
        for place, weight in zip(self.places, self._weights, strict=True):
            if weight >= LEAST_SHOWN:
                width = self._pad.where.scale * (0.8 + 3.6 * weight)
                colour = QColor(255, 255, 255, round(40 + 170 * weight))
                paint_beam(painter, finger, self._pad.where.to_pixels(*place), width, colour)

    def _colour(self) -> None:
        known = [corner_features(corner, self.timbres) for corner in self.corners]
        self.features = known
        for handle, corner, features in zip(self.handles, self.corners, known, strict=True):
            handle.show_point(corner, colour_of(features))

    def _make_handle(self, index: int) -> PointHandle:
        handle = PointHandle(index, self._theme, self._pad)
        # one that is made later shall not be the last in the window
        before = self.handles[-1] if self.handles else self._pad
        QWidget.setTabOrder(before, handle)
        for name in (
            "dragged",
            "dropped",
            "stepped",
            "touched",
            "menu_wanted",
            "rerolled",
            "lock_toggled",
            "rename_wanted",
            "removed",
        ):
            getattr(handle, name).connect(getattr(self, name))
        handle.show()
        return handle
