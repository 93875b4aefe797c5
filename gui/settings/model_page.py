"""The models that are installed: to open one, or to bring one in."""

import json
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.bridge import Bridge
from gui.commands.command_process import COMMAND, CommandProcess
from instrument import ModelInfo


class ModelPage(QWidget):
    """The models that are installed, and a way to bring one in."""

    def __init__(self, bridge: Bridge, command: Sequence[str] = COMMAND) -> None:
        """Ask nothing yet.

        Args:
            bridge: To the instrument.
            command: What `models import` is asked of.
        """
        super().__init__()
        self._bridge = bridge
        self._process = CommandProcess(command, parent=self)
        self._process.ended.connect(self._import_ended)
        self._models: tuple[ModelInfo, ...] = ()
        self.list = QListWidget()
        self.list.setAccessibleName("Models")
        self.list.itemActivated.connect(self._open)
        self.list.currentItemChanged.connect(self._show_info)
        self.info = QLabel()
        self.info.setWordWrap(True)
        self.info.setProperty("role", "caption")
        self.open = QPushButton("Open")
        self.open.clicked.connect(self._open)
        self.bring = QPushButton("Import…")
        self.bring.setToolTip("A model's folder, or a checkpoint of Magenta's GANSynth")
        self.bring.clicked.connect(self._ask_for_folder)
        below = QHBoxLayout()
        below.addWidget(self.info, 1)
        for button in (self.bring, self.open):
            below.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 8)
        layout.addWidget(self.list, 1)
        layout.addLayout(below)
        bridge.model_changed.connect(lambda _model: self._mark_open())

    def look(self) -> None:
        """Ask which models there are."""
        self._bridge.ask(lambda instrument: instrument.models(), self.show_models)

    def show_models(self, models: tuple[ModelInfo, ...]) -> None:
        """List the models."""
        self._models = models
        self.list.clear()
        for model in models:
            item = QListWidgetItem(model.name)
            item.setData(Qt.ItemDataRole.UserRole, model)
            self.list.addItem(item)
        self.open.setEnabled(bool(models))
        self.info.setText("" if models else "No model is installed. Import one, or train your own.")
        self._mark_open()

    def import_folder(self, folder: str) -> None:
        """Bring a model in from its folder, beside what goes on, and open it."""
        if not self._process.is_running:
            self.bring.setEnabled(False)
            self.bring.setText("Importing…")
            self._process.start("models", "import", folder, "--json")

    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self, "Import a model")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.import_folder)
        dialog.open()

    def _import_ended(self, code: int, output: str, last_line: str) -> None:
        self.bring.setEnabled(True)
        self.bring.setText("Import…")
        if code:
            self._bridge.say(last_line or "The model could not be imported.")
            return
        name = str(json.loads(output)["name"])
        self._bridge.say(f'"{name}" is installed.', is_error=False)
        self.look()
        self._bridge.ask(lambda instrument: instrument.load_model(name))

    def _mark_open(self) -> None:
        present = self._bridge.status.model
        for place in range(self.list.count()):
            item = self.list.item(place)
            model: ModelInfo = item.data(Qt.ItemDataRole.UserRole)
            is_open = present is not None and present.hash == model.hash
            item.setText(f"{model.name}{'  ·  open' if is_open else ''}")
            if is_open and self.list.currentItem() is None:
                self.list.setCurrentItem(item)

    def _show_info(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            model: ModelInfo = item.data(Qt.ItemDataRole.UserRole)
            facts = (
                f"{model.n_timbres} timbres, {model.sample_rate / 1000:g} kHz, {model.hash[:10]}"
            )
            self.info.setText(f"{model.info}\n{facts}".strip())

    def _open(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            path = item.data(Qt.ItemDataRole.UserRole).path
            self._bridge.ask(lambda instrument: instrument.load_model(path))
