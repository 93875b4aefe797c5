"""What is asked for before a training: which one, recordings, name, beginning, time."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFormLayout, QLineEdit, QPushButton, QWidget

from gui.widgets.choice import Choice
from gui.widgets.theme import Theme
from instrument import ModelInfo

from .train_words import FIRST_LIMIT, LIMITS
from .training_files import TrainingFolder, TrainingPlan

_CHOOSE = "Choose a folder…"
_NOTHING = "Nothing"


class TrainForm(QWidget):
    """Five fields; tells when one of the first three changed."""

    changed = Signal()
    training_chosen = Signal(object)  # TrainingFolder, or None for a new one

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._folder: Path | None = None
        self.trainings = _choice("Trainings", theme)
        self.trainings.activated.connect(
            lambda: self.training_chosen.emit(self.trainings.currentData())
        )
        self.source = QPushButton(_CHOOSE)
        self.source.clicked.connect(self._ask_for_source)
        self.name = QLineEdit()
        self.name.setPlaceholderText("My cello")
        self.name.setAccessibleName("Name of the model")
        self.name.setMaxLength(80)
        self.name.textChanged.connect(lambda _text: self.changed.emit())
        self.start = _choice("Begin with", theme)
        self.start.addItem(_NOTHING, "")
        self.limit = _choice("Train for", theme)
        for words, minutes in LIMITS:
            self.limit.addItem(words, minutes)
        self.limit.choose(FIRST_LIMIT)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(7)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Training", self.trainings)
        form.addRow("Recordings", self.source)
        form.addRow("Name", self.name)
        form.addRow("Begin with", self.start)
        form.addRow("Train for", self.limit)

    @property
    def folder(self) -> Path | None:
        """The folder of recordings, once it is chosen."""
        return self._folder

    @property
    def model_name(self) -> str:
        """The model's name; "" before there is one."""
        return self.name.text().strip()

    @property
    def is_ready(self) -> bool:
        """Whether there is a folder and a name."""
        return self._folder is not None and bool(self.model_name)

    def choose_source(self, folder: str) -> None:
        """Take a folder of recordings, and its name for the model's where there is none."""
        self._folder = Path(folder)
        self.source.setText(self._folder.name or folder)
        self.source.setToolTip(folder)
        if not self.model_name:
            self.name.setText(self._folder.name)
        self.changed.emit()

    def show_plan(self, plan: TrainingPlan | None, *, has_begun: bool) -> None:
        """Show what a training was begun with; None empties the fields."""
        self._folder = None
        self.source.setText(_CHOOSE)
        self.name.setText(plan.name if plan is not None else "")
        if plan is not None:
            self.choose_source(plan.source)
        self.limit.choose(plan.minutes if plan is not None and has_begun else FIRST_LIMIT)
        self.start.setCurrentIndex(0)
        if plan is not None and has_begun:
            self.start.choose(plan.start)

    def show_trainings(
        self, rows: Sequence[tuple[TrainingFolder, TrainingPlan]], present: TrainingFolder | None
    ) -> None:
        """List the trainings, the present one chosen."""
        self.trainings.clear()
        self.trainings.addItem("New", None)
        for training, plan in rows:
            self.trainings.addItem(plan.name, training)
            if present is not None and training.path == present.path:
                self.trainings.setCurrentIndex(self.trainings.count() - 1)

    def show_models(self, models: Sequence[ModelInfo], start: str | None) -> None:
        """List the models to begin with.

        Args:
            models: The first is chosen where nothing was before.
            start: Folder of the one that the training began with, "" for none; None before.
        """
        if start is None and self.start.count() > 1:
            start = self.start.currentData()
        self.start.clear()
        for model in models:
            self.start.addItem(model.name, model.path)
        self.start.addItem(_NOTHING, "")
        self.start.choose(start)

    def allow(self, *, new: bool, other: bool, start: bool, limit: bool) -> None:
        """Say which fields can be changed: recordings and name, training, start, limit."""
        self.source.setEnabled(new)
        self.name.setEnabled(new)
        self.trainings.setEnabled(other)
        self.start.setEnabled(start)
        self.limit.setEnabled(limit)

    def _ask_for_source(self) -> None:
        dialog = QFileDialog(self.window(), "Recordings to train on")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.choose_source)
        dialog.open()


def _choice(name: str, theme: Theme) -> Choice:
    choice = Choice(name, theme)
    choice.setMinimumContentsLength(10)
    return choice
