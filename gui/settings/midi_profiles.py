"""A row for the profiles of MIDI controllers: load one, save one, delete one."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QWidget,
)

from gui.bridge import Bridge
from gui.widgets.choice import Choice
from gui.widgets.theme import GAP, Theme
from instrument import InstrumentInterface


class MidiProfiles(QWidget):
    """The names, and three buttons; what is asked is asked without stopping the window."""

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self._bridge = bridge
        self._name = ""
        self.choice = Choice("Profile", theme)
        self.load = QPushButton("Load")
        self.load.setToolTip("Take over this profile in place of what is mapped")
        self.save = QPushButton("Save as…")
        self.save.setToolTip("Keep what is mapped as a profile")
        self.delete = QPushButton("Delete")
        self.delete.setToolTip("Delete this profile; what is mapped stays")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(QLabel("Profile"))
        row.addWidget(self.choice, 1)
        for button in (self.load, self.save, self.delete):
            row.addWidget(button)
        self.load.clicked.connect(self._load)
        self.save.clicked.connect(self._ask_name)
        self.delete.clicked.connect(self._ask_to_delete)
        self.show_profiles(())

    def look(self) -> None:
        """Ask which profiles there are."""
        self._bridge.ask(lambda instrument: instrument.midi_profiles(), self.show_profiles)

    def show_profiles(self, names: tuple[str, ...]) -> None:
        """List the profiles."""
        self.choice.clear()
        for name in names:
            self.choice.addItem(name, name)
        if not names:
            self.choice.addItem("None saved yet", "")
        self.choice.choose(self._name)
        for widget in (self.choice, self.load, self.delete):
            widget.setEnabled(bool(names))

    def show_name(self, name: str) -> None:
        """Show which profile was loaded or saved last."""
        if name != self._name:
            self._name = name
            self.choice.choose(name)

    def _load(self) -> None:
        name = self.choice.currentData()
        self._bridge.ask(lambda instrument: instrument.load_midi_profile(name))

    def _ask_name(self) -> None:
        dialog = QInputDialog(self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Save MIDI profile")
        dialog.setLabelText("Name; a profile of this name is replaced")
        dialog.setTextValue(self._name)
        for field in dialog.findChildren(QLineEdit):
            field.setMinimumWidth(280)
        dialog.textValueSelected.connect(
            lambda name: self._do(lambda instrument: instrument.save_midi_profile(name))
        )
        dialog.open()

    def _ask_to_delete(self) -> None:
        name = self.choice.currentData()
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("Timbrepad")
        box.setText(f"Delete the MIDI profile “{name}”?")
        box.setInformativeText("What is mapped now stays.")
        button = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        button.clicked.connect(
            lambda: self._do(lambda instrument: instrument.delete_midi_profile(name))
        )
        box.open()

    def _do(self, act: Callable[[InstrumentInterface], None]) -> None:
        """Do something to the profiles, then list them anew."""
        self._bridge.ask(act, lambda _nothing: self.look())
