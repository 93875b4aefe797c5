"""`python -m gui.exercise`: the window with a finger that never rests on its pad, for benchmarks.

It says the instrument's status line by line and takes events line by line, so that another
process can measure: JSON both ways, the first line it takes being `InstrumentOptions`. An empty
line sets the finger moving, the line "spin" a thread that never rests, which "rest" ends; the end
of the input ends all. Without a display it draws off screen.
"""

import math
import os
import sys
import threading
from typing import Any

import msgspec
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from gui.pad.latent_pad import LatentPad
from instrument import AnyEvent, InstrumentOptions, PresetLibrary

from .app import make_application, make_window, starter

MOVE_MILLISECONDS = 16  # as a mouse does, 60 times a second
STATUS_MILLISECONDS = 50
TURN = (0.13, 0.097)  # radians a step, so that the finger comes everywhere


class Reader(QObject):
    """Reads lines on a thread of its own and tells them on the window's."""

    line_read = Signal(bytes)
    ended = Signal()

    def start(self) -> None:
        """Begin to read standard input."""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            self.line_read.emit(line.strip())
        self.ended.emit()


class Spinner:
    """A thread of plain Python that never rests."""

    def __init__(self) -> None:
        """Rest."""
        self._rests = threading.Event()
        self._rests.set()

    def spin(self) -> None:
        """Begin."""
        self._rests.clear()
        threading.Thread(target=self._spin, daemon=True).start()

    def rest(self) -> None:
        """End."""
        self._rests.set()

    def _spin(self) -> None:
        n = 0
        while not self._rests.is_set():
            n += 1


class Finger:
    """A mouse that drags over the pad without end."""

    def __init__(self, pad: LatentPad) -> None:
        """Stand beside a pad; `timer` sets it moving."""
        self._pad = pad
        self._step = 0
        self.timer = QTimer(interval=MOVE_MILLISECONDS)
        self.timer.timeout.connect(self._move)

    def _move(self) -> None:
        kind = QEvent.Type.MouseMove if self._step else QEvent.Type.MouseButtonPress
        self._step += 1
        x, y = (0.5 + 0.35 * math.sin(turn * self._step) for turn in TURN)
        place = QPointF(x * self._pad.width(), y * self._pad.height())
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(
            kind,
            place,
            self._pad.mapToGlobal(place),
            button,
            button,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(self._pad, event)


def main() -> int:
    """Run until the input ends; gives the exit status."""
    options = msgspec.json.decode(sys.stdin.buffer.readline(), type=InstrumentOptions)
    application = make_application()
    window, bridge = make_window(starter(options), PresetLibrary())
    finger = Finger(window.findChild(LatentPad))  # type: ignore[arg-type]  # there is one
    reader, spinner = Reader(), Spinner()

    def obey(line: bytes) -> None:
        if line == b"spin":
            spinner.spin()
        elif line == b"rest":
            spinner.rest()
        elif line:
            bridge.post(msgspec.json.decode(line, type=AnyEvent))
        else:
            finger.timer.start()

    def say() -> None:
        _write(bridge.status)

    reader.line_read.connect(obey)
    reader.ended.connect(application.quit)
    reader.start()
    timer = QTimer(interval=STATUS_MILLISECONDS)
    timer.timeout.connect(say)
    timer.start()
    window.resize(1440, 900)
    window.show()
    status = application.exec()
    bridge.end()
    return status


def _write(value: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.exit(main())
