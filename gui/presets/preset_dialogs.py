"""What has to be asked about presets: a name, a file, whether to delete, whether to save.

No dialog stops the window: each is opened and answers later, so the music goes on.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QMessageBox, QWidget

from .preset_actions import PresetActions

FILES = "Timbrepad presets (*.json)"
PACKS = "Packs of presets (*.zip)"
BOTH = "Timbrepad presets and packs (*.json *.zip)"


class PresetDialogs(QObject):
    """Opens the dialogs over one window."""

    def __init__(self, actions: PresetActions, window: QWidget) -> None:
        super().__init__(window)
        self._actions = actions
        self._window = window

    def save(self) -> None:
        """Save under the present name, or ask for one where there is none."""
        if self._actions.name:
            self._actions.save()
        else:
            self.save_as()

    def save_as(self, done: Callable[[], None] | None = None) -> None:
        """Ask for a name and save."""
        proposed = self._actions.unique_name(self._actions.name or "Untitled")
        self._ask_name(
            "Save sound as", "Name", proposed, lambda name: self._actions.save_as(name, done)
        )

    def rename(self, name: str) -> None:
        """Ask for another name."""
        self._ask_name(
            "Rename sound", "New name", name, lambda new: self._actions.rename(name, new)
        )

    def delete(self, name: str) -> None:
        """Ask, then delete."""
        box = self._box(f"Delete “{name}”?", "Undo brings it back.")
        button = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        button.clicked.connect(lambda: self._actions.delete(name))
        box.open()

    def import_files(self) -> None:
        """Ask for files and bring them in."""
        dialog = self._file_dialog("Import sounds", BOTH)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._actions.import_files)
        dialog.open()

    def export_file(self, name: str) -> None:
        """Ask for a file and write the preset there."""
        dialog = self._file_dialog(f"Export “{name}”")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile(f"{name}.json")
        dialog.fileSelected.connect(lambda path: self._actions.export_file(name, path))
        dialog.open()

    def export_pack(self) -> None:
        """Ask for a file and write all of the player's presets there."""
        dialog = self._file_dialog("Export your sounds as a pack", PACKS)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("zip")
        dialog.selectFile("My sounds.zip")
        dialog.fileSelected.connect(self._actions.export_pack)
        dialog.open()

    def ask_to_save(self, go_on: Callable[[], None]) -> None:
        """Ask what to do with a changed sound before the window goes."""
        name = self._actions.name or "Untitled"
        box = self._box(f"Save the changes to “{name}”?", "They are lost otherwise.")
        save = box.addButton(QMessageBox.StandardButton.Save)
        discard = box.addButton("Don't save", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        discard.clicked.connect(go_on)
        if self._actions.name:
            save.clicked.connect(lambda: self._actions.save(go_on))
        else:
            save.clicked.connect(lambda: self.save_as(go_on))
        box.open()

    def _ask_name(self, title: str, label: str, text: str, done: Callable[[str], None]) -> None:
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        dialog.setLabelText(label)
        dialog.setTextValue(text)
        for field in dialog.findChildren(QLineEdit):
            field.setMinimumWidth(320)  # the dialog itself takes the least that it needs
        dialog.textValueSelected.connect(done)
        dialog.open()

    def _box(self, text: str, more: str) -> QMessageBox:
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("Timbrepad")
        box.setText(text)
        box.setInformativeText(more)
        return box

    def _file_dialog(self, title: str, files: str = FILES) -> QFileDialog:
        dialog = QFileDialog(self._window, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setNameFilter(files)
        return dialog
