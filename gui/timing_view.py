"""What a player checks in mid-song: block, latency, voices, load, dropped blocks."""

from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from instrument import AudioStatus, Status

from . import theme as themes
from .theme import Theme
from .units_text import DASH

CELL = 56
BUSY, OVERLOADED = 0.6, 0.85


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
    """The cells side by side."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._cells = cells_of(Status())
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timing")

    def sizeHint(self) -> QSize:
        """Ask for room for the cells."""
        return QSize(CELL * len(self._cells), 36)

    def show_status(self, status: Status) -> None:
        """Show a status; repaints only the cells that changed."""
        former, self._cells = self._cells, cells_of(status)
        for place, (was, now) in enumerate(zip(former, self._cells, strict=True)):
            if was != now:
                self.update(CELL * place, 0, CELL, self.height())
        self.setAccessibleDescription(", ".join(f"{c.caption} {c.value}" for c in self._cells))
        self.setToolTip(
            "Block: how long the card plays at a time. To the ear: from key to sound.\n"
            f"Dropped: {status.dropped_blocks} blocks that came too late since the output was "
            f"opened, {status.dropped_events} events. Choose a larger block if they grow."
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw values over captions."""
        painter = QPainter(self)
        for place, cell in enumerate(self._cells):
            left = CELL * place
            painter.setFont(themes.font(bold=True))
            painter.setPen(self._theme.colour(cell.colour))
            painter.drawText(QRectF(left, 2, CELL, 17), Qt.AlignmentFlag.AlignCenter, cell.value)
            painter.setFont(themes.font(themes.SMALL_PIXELS))
            painter.setPen(self._theme.colour("dim"))
            caption = QRectF(left - 4, 19, CELL + 8, 14)
            painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, cell.caption)
        painter.end()
