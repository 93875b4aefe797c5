"""A line that shows a preset's keyboard being rendered to be kept, and can end that."""

import re
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from gui.commands.command_process import COMMAND, CommandProcess

PROGRESS = {"TIMBREPAD_PROGRESS": "lines"}  # what lets a command say each step in a line
_STEP = re.compile(r"(\d+)/(\d+) ")


class KeepBar(QWidget):
    """Shown while a keyboard is rendered, by a command beside the window that gives way to all."""

    said = Signal(str, bool)  # for the player; whether it is an error
    ended = Signal()

    def __init__(self, command: Sequence[str] = COMMAND, parent: QWidget | None = None) -> None:
        """Keep nothing yet.

        Args:
            command: What `presets keep` is asked of.
            parent: In Qt's tree.
        """
        super().__init__(parent)
        self._process = CommandProcess(command, PROGRESS, self)
        self._process.noticed.connect(self._show_step)
        self._process.ended.connect(self._end)
        self._name = ""
        self._was_stopped = False
        self.text = QLabel()
        self.text.setProperty("role", "caption")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        self.bar.setAccessibleName("Progress of the keyboard that is kept")
        self.stop = QPushButton("Stop")
        self.stop.setProperty("role", "chip")
        self.stop.setAccessibleName("Stop keeping the keyboard")
        self.stop.clicked.connect(self.put_away)
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.text, 1)
        line.addWidget(self.stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self.bar)
        self.hide()

    @property
    def is_running(self) -> bool:
        """Whether a keyboard is being rendered."""
        return self._process.is_running

    def keep(self, name: str, sample_rate: int) -> None:
        """Render a preset's keyboard and keep it, in place of what was kept of it."""
        self._run(name, "Keeping", "--sample-rate", str(sample_rate))

    def forget(self, name: str) -> None:
        """Delete what is kept of a preset."""
        self._run(name, "Forgetting", "--forget")

    def put_away(self) -> None:
        """Stop: nothing is kept then."""
        self._was_stopped = True
        self._process.end()
        self.hide()
        self.ended.emit()

    def _run(self, name: str, doing: str, *options: str) -> None:
        if self.is_running:
            self.said.emit(f'"{self._name}" is still being kept: wait for it, or stop it.', True)
            return
        self._name, self._was_stopped = name, False
        self.text.setText(f"{doing} “{name}”")
        self.text.setToolTip("Its keyboard is rendered, and sounds at once at each start")
        self.bar.setRange(0, 0)
        self.show()
        self._process.start("presets", "keep", name, *options)

    def _show_step(self, line: str) -> None:
        step = _STEP.match(line)
        if step is not None:
            self.bar.setRange(0, int(step[2]))
            self.bar.setValue(int(step[1]))
            self.text.setText(f"Keeping “{self._name}”: {step[1]} of {step[2]} notes")

    def _end(self, code: int, output: str, last_line: str) -> None:
        self.hide()
        is_error = code != 0
        words = last_line if is_error else output.strip()
        self.said.emit(words or f'The keyboard of "{self._name}" could not be kept.', is_error)
        self.ended.emit()
