"""A card on the pad while a recording is matched: progress, both sounds, how far they are apart."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.widgets import theme as themes
from gui.widgets.dropped_sound import FILTER
from gui.widgets.theme import Theme
from gui.widgets.units_text import note_name

from .match_job import MatchJob, MatchStep

WIDTH = 430
BOTTOM = 54  # pixels of the pad that stay free below
STARTING = "Listening to it…"
AUDIBLE_CENTS = 3


class MatchPanel(QWidget):
    """Asks a `MatchJob`, and offers what it finds; hidden while there is nothing to match."""

    chosen = Signal(int, str)  # point of the pad, a recording
    heard = Signal(str)  # a sound file, to be played
    used = Signal(int, str, object)  # point of the pad, name, latent

    def __init__(self, job: MatchJob, theme: Theme, pad: QWidget) -> None:
        """Make a hidden card.

        Args:
            job: Does the work.
            theme: The colours.
            pad: That it stands on.
        """
        super().__init__(pad)
        self._job, self._theme = job, theme
        self._point, self._name = 0, ""
        self.title = QLabel()
        self.title.setFont(themes.font(bold=True))
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setProperty("role", "caption")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the match")
        self.a = _button("A", "Hear the recording, as it was compared")
        self.b = _button("B", "Hear the match")
        self.use = _button("Use", "Put the match on the point (Enter)")
        self.away = _button("Cancel", "End the search and leave the point as it is (Esc)")
        self.a.clicked.connect(lambda: self.heard.emit(self._job.recording))
        self.b.clicked.connect(lambda: self.heard.emit(self._job.match))
        self.use.clicked.connect(self.take)
        self.away.clicked.connect(self.put_away)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.a)
        buttons.addWidget(self.b)
        buttons.addStretch(1)
        buttons.addWidget(self.use)
        buttons.addWidget(self.away)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 12, 10)
        layout.setSpacing(6)
        layout.addWidget(self.title)
        layout.addWidget(self.words)
        layout.addWidget(self.bar)
        layout.addLayout(buttons)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.hide()
        pad.installEventFilter(self)
        job.stepped.connect(self._show_step)
        job.ended.connect(self._show_end)

    def ask_for_file(self, point: int) -> None:
        """Let the player choose a recording for a point of the pad."""
        dialog = QFileDialog(self.window(), "Match a sound")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(FILTER)
        dialog.fileSelected.connect(lambda file: self.chosen.emit(point, file))
        dialog.open()

    def match(self, file: str, point: int, point_name: str, model: str) -> None:
        """Match a recording, in place of what is being matched.

        Args:
            file: The recording.
            point: Of the pad, on which the match may be put.
            point_name: As it is called now.
            model: Folder of the model that plays.
        """
        self._point, self._name = point, Path(file).stem
        self.title.setText(f"Match {Path(file).name}")
        self.words.setText(STARTING)
        self.use.setToolTip(f"Put the match in the place of {point_name or 'the point'} (Enter)")
        self.bar.setValue(0)
        self.bar.show()
        self._offer(False)
        self.away.setText("Cancel")
        self._job.start(file, model)
        self.show()
        self.raise_()
        self.away.setFocus()
        self.place()

    def take(self) -> None:
        """Put what has been found so far on the point."""
        found = self._job.found
        if found is not None:
            self.used.emit(self._point, self._name, found.z)
            self.put_away()

    def put_away(self) -> None:
        """End the search; the point stays as it is."""
        self._job.clear()
        self.hide()
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus()

    def place(self) -> None:
        """Stand at the bottom of the pad."""
        parent, layout = self.parentWidget(), self.layout()
        assert parent is not None
        assert layout is not None
        room = parent.rect()
        width = max(min(WIDTH, room.width() - 40), 200)
        height = layout.totalHeightForWidth(width)
        top = max(room.height() - BOTTOM - height, 0)
        self.setGeometry(room.center().x() - width // 2, top, width, height)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Use it with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.use.isEnabled():
            self.take()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow the pad's size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.place()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("line"), 1))
        painter.setBrush(self._theme.colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        painter.end()

    def _show_step(self, step: MatchStep) -> None:
        self.bar.setValue(round(1000 * step.share))
        if step.z:
            self.words.setText(match_words(step))
            self._offer(True)
            self.place()

    def _show_end(self, failure: str) -> None:
        if failure:
            self.words.setText(failure)
        elif self.use.isEnabled():
            self.use.setFocus()
        self.bar.hide()
        self.away.setText("Close")
        self.place()

    def _offer(self, is_there: bool) -> None:
        for button in (self.a, self.b, self.use):
            button.setEnabled(is_there)


def match_words(step: MatchStep) -> str:
    """Say what was heard, how far the match is from it, and how far the nearest timbre."""
    note = round(step.heard)
    cents = round(100 * (step.heard - note))
    heard = note_name(note) + (f" {cents:+d} cents" if abs(cents) >= AUDIBLE_CENTS else "")
    at = "" if note == step.pitch else f", compared at {note_name(step.pitch)}"
    words = f"It sounds {heard}{at}. The match is {step.off_db:.1f} dB from it"
    if step.timbre_off_db is None:
        return f"{words}."
    return f"{words}; the nearest named timbre, {step.timbre}, {step.timbre_off_db:.1f} dB."


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(text if len(text) > 1 else tip)
    button.setAutoDefault(False)
    return button
