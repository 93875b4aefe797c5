"""What a player checks in mid-song: block, latency, voices, load, dropped blocks.

It speaks up only when trouble lasts, and then offers the larger block in the same place.
"""

import time
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from gui.widgets import theme as themes
from gui.widgets.theme import Theme
from gui.widgets.units_text import DASH
from instrument import AudioStatus, Status

from .timing_watch import TimingWatch

CELL = 56
BUSY, OVERLOADED = 0.6, 0.85
LARGEST_BLOCK = 2048
NARROW = ("to the ear", "load", "dropped")  # that a narrow window has room for


class Cell(NamedTuple):
    """A value over its caption, in one of the theme's colours."""

    value: str
    caption: str
    colour: str = "text"


def to_the_ear_seconds(audio: AudioStatus) -> float:
    """Give the mean time from a key to its sound.

    An event waits half a block on average for the next one to begin, and then comes the output's
    own latency as the driver reports it, which is a block at least.
    """
    block_seconds = audio.block / audio.sample_rate
    return 0.5 * block_seconds + max(audio.latency_seconds, block_seconds)


def cells_of(status: Status) -> tuple[Cell, ...]:
    """Give what is shown of a status."""
    audio = status.audio
    if not audio.running:
        silent = Cell(DASH, "", "faint")
        cells = [silent._replace(caption=caption) for caption in ("block", "to the ear")]
    else:
        block = 1000 * audio.block / audio.sample_rate
        cells = [
            Cell(f"{block:.1f} ms", "block"),
            Cell(f"{1000 * to_the_ear_seconds(audio):.1f} ms", "to the ear"),
        ]
    load_colour = "text"
    if status.load > BUSY:
        load_colour = "error" if status.load > OVERLOADED else "rendering"
    dropped = status.dropped_blocks + status.dropped_events
    return (
        *cells,
        Cell(f"{status.n_voices}", "voices"),
        Cell(f"{100 * status.load:.0f} %", "load", load_colour),
        Cell(f"{dropped}", "dropped", "rendering" if dropped else "good"),
    )


class TimingView(QWidget):
    """The cells side by side; in the place of the first ones a button, while trouble lasts."""

    block_wanted = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_whole = True
        self._watch = TimingWatch()
        self._larger = 0
        self._cells = cells_of(Status())
        self.button = QPushButton()
        self.button.setObjectName("trouble")
        self.button.clicked.connect(lambda: self.block_wanted.emit(self._larger))
        self.button.setAccessibleName("Use larger blocks")
        self.button.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, CELL, 0)  # the count of what was dropped stays in sight
        layout.addWidget(self.button)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timing")

    def sizeHint(self) -> QSize:
        """Ask for room for the cells."""
        return QSize(CELL * len(self._shown()), 36)

    def show_all(self, is_whole: bool) -> None:
        """Show every cell, or those that a narrow window has room for."""
        if is_whole != self._is_whole:
            self._is_whole = is_whole
            self.updateGeometry()
            self.update()

    def show_status(self, status: Status) -> None:
        """Show a status; repaints only the cells that changed."""
        former = self._shown()
        self._cells = cells_of(status)
        for place, (was, now) in enumerate(zip(former, self._shown(), strict=True)):
            if was != now:
                self.update(CELL * place, 0, CELL, self.height())
        self.setAccessibleDescription(", ".join(f"{c.caption} {c.value}" for c in self._cells))
        self.setToolTip(
            "Block: how long the card plays at a time. To the ear: from key to sound.\n"
            f"Dropped: {status.dropped_blocks} blocks that came too late since the output was "
            f"opened, {status.dropped_events} events. Choose a larger block if they grow."
        )
        self.watch(status, time.monotonic())

    def watch(self, status: Status, now: float) -> None:
        """Offer the larger block while blocks keep dropping.

        Args:
            status: The present one.
            now: Seconds, on any clock that does not go back.
        """
        audio = status.audio
        is_trouble = self._watch.take(status.dropped_blocks, audio.block, now)
        is_offered = is_trouble and audio.running and audio.block < LARGEST_BLOCK
        if is_offered:
            self._larger = 2 * audio.block
            self.button.setText(f"Drops: use {self._larger}")
            more = 1000 * audio.block / audio.sample_rate
            words = f"Open the output with blocks of {self._larger} frames: {more:.1f} ms later"
            self.button.setToolTip(f"Blocks keep coming too late. {words}, and steadier")
            self.button.setAccessibleName(f"Blocks are dropped. {words}")
        if is_offered == self.button.isHidden():
            self.button.setVisible(is_offered)
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw values over captions."""
        painter = QPainter(self)
        cells = self._shown()
        for place, cell in enumerate(cells):
            if not self.button.isHidden() and place < len(cells) - 1:
                continue
            left = CELL * place
            painter.setFont(themes.font(bold=True))
            painter.setPen(self._theme.colour(cell.colour))
            painter.drawText(QRectF(left, 2, CELL, 17), Qt.AlignmentFlag.AlignCenter, cell.value)
            painter.setFont(themes.font(themes.SMALL_PIXELS))
            painter.setPen(self._theme.colour("dim"))
            caption = QRectF(left - 4, 19, CELL + 8, 14)
            painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, cell.caption)
        painter.end()

    def _shown(self) -> tuple[Cell, ...]:
        return tuple(c for c in self._cells if self._is_whole or c.caption in NARROW)
