"""How a training run does: its curves, its models to compare, its notes to see and to hear."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.curve_view import Curve, CurveView
from gui.widgets.theme import GAP, Theme
from gui.widgets.units_text import note_name

from .compare_bar import CompareBar
from .training_files import PreviewNote, StatsLine, StatsReader, TrainingFolder

PICTURE = QSize(120, 60)
TEXT_PIXELS = 128
_OFF = "_off_db"


class RunView(QWidget):
    """Follows the files of one run; `look` reads what is new."""

    hear_wanted = Signal(str)  # the file of a note

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._training: TrainingFolder | None = None
        self._stats: StatsReader | None = None
        self._stamp = 0
        self.losses = CurveView("LOSSES", "They come with the first notes.", theme)
        self.measures = CurveView("DISTANCE FROM REAL NOTES, DB", "Half a minute into it.", theme)
        self.compare = CompareBar()
        self.caption = QLabel()
        self.caption.setProperty("role", "caption")
        row = QWidget()
        self._notes = QHBoxLayout(row)
        self._notes.setContentsMargins(0, 0, 0, 0)
        self._notes.setSpacing(GAP)
        self._shelf = QScrollArea()
        self._shelf.setWidget(row)
        self._shelf.setWidgetResizable(True)
        self._shelf.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shelf.setFrameShape(QScrollArea.Shape.NoFrame)
        self.players: list[QToolButton] = []
        curves = QHBoxLayout()
        curves.setSpacing(12)
        curves.addWidget(self.losses, 1)
        curves.addWidget(self.measures, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(curves, 1)
        layout.addWidget(self.compare)
        layout.addWidget(self.caption)
        layout.addWidget(self._shelf)

    @property
    def last(self) -> StatsLine | None:
        """The latest line of the statistics."""
        return self._stats.lines[-1] if self._stats is not None and self._stats.lines else None

    def follow(self, training: TrainingFolder, start: str) -> None:
        """Show a run from now on.

        Args:
            training: Its folder.
            start: Folder of the model that it began with, "" without one.
        """
        if self._training is None or training.path != self._training.path:
            self._training, self._stats, self._stamp = training, StatsReader(training.run), -1
            self._show_curves()
            self.compare.follow(training, start)
        self.look()

    def look(self) -> None:
        """Read what the run has written since."""
        if self._training is None or self._stats is None:
            return
        self.compare.look()
        if self._stats.read():
            self._show_curves()
        stamp = self._training.previews_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self._show_notes()

    def _show_curves(self) -> None:
        assert self._stats is not None
        losses = _curves((line.examples_seen, line.losses) for line in self._stats.lines)
        measures = _curves((line.examples_seen, line.measures) for line in self._stats.lines)
        self.losses.show_curves(losses)
        in_db = {
            n.removesuffix(_OFF).replace("_", " "): c
            for n, c in measures.items()
            if n.endswith(_OFF)
        }
        self.measures.show_curves(in_db)

    def _show_notes(self) -> None:
        assert self._training is not None
        while self._notes.count():
            self._notes.takeAt(0)
        for player in self.players:
            player.hide()
            player.deleteLater()
        folder, notes = self._training.previews, self._training.preview_notes()
        own_first = sorted(notes, key=lambda note: not note.is_own)
        self.players = [self._player(folder, note) for note in own_first]
        for player in self.players:
            self._notes.addWidget(player)
        self._notes.addStretch(1)
        has_own = any(note.is_own for note in notes)
        whose = "YOUR PRESETS, AND NOTES OF THE RECORDINGS," if has_own else "NOTES"
        self.caption.setText(f"{whose} AS THEY SOUND NOW: CLICK TO HEAR THEM")
        for part in (self.caption, self._shelf):
            part.setVisible(bool(self.players))
        height = max((player.sizeHint().height() for player in self.players), default=0)
        self._shelf.setFixedHeight(height + self._shelf.horizontalScrollBar().sizeHint().height())

    def _player(self, folder: Path, note: PreviewNote) -> QToolButton:
        player = QToolButton()
        player.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        player.setIcon(QIcon(QPixmap(str(folder / note.picture))))
        player.setIconSize(PICTURE)
        words = f"{note.name} {note_name(note.pitch)}"
        middle = Qt.TextElideMode.ElideMiddle
        player.setText(player.fontMetrics().elidedText(words, middle, TEXT_PIXELS))
        player.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        player.setAccessibleName(f"Hear {words}")
        player.setToolTip(f"Hear {words}")
        wave = str(folder / note.wave)
        player.clicked.connect(lambda: self.hear_wanted.emit(wave))
        return player


def _curves(rows: Iterable[tuple[int, Mapping[str, float]]]) -> dict[str, Curve]:
    """Turn lines of named values into a curve for each name."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for seen, values in rows:
        for name, value in values.items():
            curves.setdefault(name, []).append((float(seen), value))
    return dict(curves)
