"""The settings' page of tunings: a scale of Scala's, a keyboard map, and back to equal steps."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from gui.bridge import Bridge
from gui.widgets.theme import GAP
from instrument import SetParameter, SetTuning, TuningError, read_tuning

SCALES = "Scales of Scala (*.scl)"
MAPS = "Keyboard maps of Scala (*.kbm)"
EQUAL = "Twelve equal steps"


class TuningPage(QWidget):
    """Two files and what they come to; each choice is heard at once."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._scale: Path | None = None  # that were chosen here; a preset may have brought another
        self._map: Path | None = None
        self.name = QLabel()
        self.name.setWordWrap(True)
        self.name.setAccessibleName("Tuning")
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setProperty("role", "error")
        self.message.setAccessibleName("What is wrong with the tuning")
        self.load_scale = QPushButton("Load a scale…")
        self.load_scale.setToolTip("A .scl file: which pitches there are")
        self.load_map = QPushButton("Load a keyboard map…")
        self.load_map.setToolTip("A .kbm file: which key plays which of them, and how high")
        self.equal = QPushButton(EQUAL)
        self.equal.setToolTip("A at 440 Hz; both files are forgotten")
        self.load_scale.clicked.connect(
            lambda: self._choose("Load a scale", SCALES, self.use_scale)
        )
        self.load_map.clicked.connect(lambda: self._choose("Load a map", MAPS, self.use_map))
        self.equal.clicked.connect(self.use_equal)
        self._lay_out()
        bridge.tuning_changed.connect(self._show_tuning)
        self._show_tuning(bridge.status.tuning)

    def look(self) -> None:
        """Forget what went wrong the last time."""
        self.message.clear()

    def use_scale(self, path: str) -> None:
        """Play a scale, on the keyboard map that was loaded here, if any."""
        self._use(Path(path), self._map)

    def use_map(self, path: str) -> None:
        """Lay the scale that was loaded here, else equal steps, as a keyboard map says."""
        self._use(self._scale, Path(path))

    def use_equal(self) -> None:
        """Go back to twelve equal steps."""
        self._scale = self._map = None
        self.message.clear()
        self._bridge.post(SetTuning(tuning=None))

    def _use(self, scale: Path | None, keyboard: Path | None) -> None:
        """Tune the keys by two files; where they will not do, everything stays as it is."""
        try:
            tuning = read_tuning(scale, keyboard)
        except TuningError as error:
            self.message.setText(str(error))
            return
        self._scale, self._map = scale, keyboard
        self.message.clear()
        self._bridge.post(SetTuning(tuning=tuning))
        # the knob may stand at "equal", and what is loaded shall be heard
        self._bridge.post(SetParameter(name="microtuning", value=1.0))

    def _choose(self, title: str, files: str, use: Callable[[str], None]) -> None:
        dialog = QFileDialog(self.window(), title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(files)
        dialog.fileSelected.connect(use)
        dialog.open()

    def _show_tuning(self, name: str) -> None:
        self.name.setText(name or EQUAL)
        self.equal.setEnabled(bool(name))

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        for button in (self.load_scale, self.load_map, self.equal):
            buttons.addWidget(button)
        buttons.addStretch(1)
        words = QLabel(
            "Sounds that bring a tuning of their own replace this one; saved sounds keep it. "
            "The knob tuning on the Playing page switches to equal steps and back."
        )
        words.setWordWrap(True)
        words.setProperty("role", "caption")
        form = QFormLayout(self)
        form.setContentsMargins(20, 18, 20, 8)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        form.addRow("Tuning", self.name)
        form.addRow("", buttons)
        form.addRow("", self.message)
        form.addRow("", words)
