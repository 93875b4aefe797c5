"""A press on the pad until it is let go: it moves the finger, records a path, or bends one."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, Qt, Signal

from .pad_path_view import PadPathView
from .pad_touch import Touch

if TYPE_CHECKING:
    from .latent_pad import LatentPad

FINE_DRAG = 0.2  # of the mouse's way, with Shift
NO_KEYS = Qt.KeyboardModifier.NoModifier


class PadStroke(QObject):
    """Knows what the hand on the pad is doing. It is part of `LatentPad`."""

    moved = Signal(float, float)  # the finger, to a place that may lie beyond the edge
    recorded = Signal(bool, bool)  # begun or ended; whether it is a drawing
    path_changed = Signal(object)
    pressed_hard = Signal(int)

    def __init__(self, pad: "LatentPad", path: PadPathView) -> None:
        super().__init__(pad)
        self._pad = pad
        self._path = path
        self._fine_from: QPointF | None = None
        self._knot: int | None = None  # of the path, that is dragged
        self._hardness = -1
        self._is_recording = False
        self.is_finger = False

    @property
    def is_on(self) -> bool:
        """Whether the hand holds the finger or a point of the path."""
        return self.is_finger or self._knot is not None

    @property
    def is_bending(self) -> bool:
        """Whether the hand holds a point of the path."""
        return self._knot is not None

    def make(self, mode: str) -> None:
        """Let the next stroke make what `PadPathView.mode` says; what is recorded now is done."""
        was_drawing = self._path.mode == "drawing"
        self._path.mode = mode
        if self._is_recording:
            self._is_recording = False
            self.recorded.emit(False, was_drawing)

    def begin_recording(self) -> None:
        """Record from now on, if a path is to be made."""
        if self._path.mode in ("path", "drawing") and not self._is_recording:
            self._is_recording = True
            self.recorded.emit(True, self._path.mode == "drawing")

    def press(self, position: QPointF, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
        """Take hold at a pixel: of the path's point there while it is edited, else of the finger.

        With Shift the finger moves finely from where it is.
        """
        if self._path.mode == "editing":
            self._knot = self._path.knot_at(position, self._pad.place, self._pad.where.to_pixels)
            if self._knot is not None:
                return
        self.is_finger = True
        self.drag(position, modifiers)
        self.begin_recording()

    def drag(self, position: QPointF, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
        """Move what is held to a pixel."""
        if self._knot is not None:
            seen = self._pad.where.to_place(position)
            self._path.path = self._path.with_knot(self._knot, seen, self._pad.place)
            self.path_changed.emit(self._path.path)
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            former, self._fine_from = self._fine_from or position, position
            way, active = (position - former) * FINE_DRAG, self._pad.where.active
            x, y = self._pad.place
            self.moved.emit(x + way.x() / active.width(), y - way.y() / active.height())
        else:
            self._fine_from = None
            self.moved.emit(*self._pad.where.to_place(position))

    def release(self) -> None:
        """Let go; the finger stays, and what was recorded is done."""
        self.is_finger = False
        self._knot = self._fine_from = None
        if self._is_recording:
            self._pad.make_path("")

    def take(self, touch: Touch) -> None:
        """Let a touch or a stylus do what the mouse does, and tell how hard it presses."""
        if touch.is_begun:
            self.press(touch.position)
        elif not touch.is_over and self.is_on:
            self.drag(touch.position)
        hardness = 0 if touch.is_over and self._hardness > 0 else touch.pressure
        if hardness >= 0 and hardness != self._hardness:
            self._hardness = hardness
            self.pressed_hard.emit(hardness)
        if touch.is_over:
            self.release()
