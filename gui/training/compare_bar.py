"""Two models of a run to compare by ear: A, an earlier one that is chosen, and B, the newest."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.theme import GAP

from .kept_models import KeptModel, KeptModels
from .training_files import TrainingFolder

FLIP_KEY = "B"
TITLE = f"COMPARE BY EAR WHILE YOU PLAY: {FLIP_KEY} FLIPS"
NO_MODEL = "The first model to hear comes when the last resolution is learned."
ONE_MODEL = "There is one model so far: with the next it becomes the earlier one."
REST_MILLISECONDS = 200  # of the slider, before its model is opened


class CompareBar(QWidget):
    """Chooses what is heard of a run: nothing, A or B.

    Attributes:
        heard: "", "A" or "B".
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.heard = ""
        self._models: KeptModels | None = None
        self._chosen: KeptModel | None = None
        title = QLabel(TITLE)
        title.setProperty("role", "caption")
        self.a, self.b = _button("A", "an earlier model"), _button("B", "the newest model")
        self.a.clicked.connect(lambda: self.hear("A"))
        self.b.clicked.connect(lambda: self.hear("B"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName("Which earlier model is A")
        self.slider.valueChanged.connect(self._choose)
        self.words_a, self.words_b = _words(), _words()
        self.words_b.setAlignment(Qt.AlignmentFlag.AlignRight)
        # a long name is cut short, and makes no window wider
        self.words_a.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MILLISECONDS)
        self._rest.timeout.connect(self.changed)
        chosen = QHBoxLayout()
        chosen.setSpacing(GAP)
        for widget in (self.a, self.slider, self.b):
            chosen.addWidget(widget)
        chosen.setStretch(1, 1)
        said = QHBoxLayout()
        said.addWidget(self.words_a, 1)
        said.addWidget(self.words_b)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(title)
        layout.addLayout(chosen)
        layout.addLayout(said)
        self._show()

    @property
    def earlier(self) -> str:
        """The folder of A's model, "" while there is none."""
        return self._chosen.folder if self._chosen is not None else ""

    def follow(self, training: TrainingFolder, start: str) -> None:
        """Offer the models of a run from now on.

        Args:
            training: Its folder.
            start: Folder of the model that it began with, "" without one.
        """
        self._models, self._chosen = KeptModels(training.run, start), None
        self.look()

    def look(self) -> None:
        """See whether there are other models."""
        if self._models is None or not self._models.look():
            return
        former, earlier = self._chosen, self._models.earlier
        self._chosen = _like(former, earlier)
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(len(earlier) - 1, 0))
        self.slider.setValue(earlier.index(self._chosen) if self._chosen is not None else 0)
        self.slider.blockSignals(False)
        self._show()
        if self.heard == "A" and former is not None and self._chosen != former:
            self.changed.emit()  # A has been let go of; the next to it is heard

    def hear(self, which: str) -> None:
        """Hear A, where there is one, B or, with "", nothing of the run."""
        is_new = which != self.heard and (which != "A" or self._chosen is not None)
        self.heard = which if is_new else self.heard
        self._show()
        if is_new:
            self._rest.stop()
            self.changed.emit()

    def flip(self) -> None:
        """Hear the other one, where there are two."""
        if self._chosen is not None:
            self.hear("A" if self.heard == "B" else "B")

    def _choose(self, place: int) -> None:
        assert self._models is not None
        self._chosen = self._models.earlier[place]
        self._show()
        if self.heard == "A":
            self._rest.start()

    def _show(self) -> None:
        newest = self._models.newest if self._models is not None else None
        self.a.setEnabled(self._chosen is not None)
        self.b.setEnabled(newest is not None)
        self.slider.setEnabled(self.slider.maximum() > 0)
        self.setEnabled(newest is not None)
        self.a.setChecked(self.heard == "A")
        self.b.setChecked(self.heard == "B")
        if newest is None:
            self.words_a.setText(NO_MODEL)
        elif self._chosen is None:
            self.words_a.setText(ONE_MODEL)
        else:
            self.words_a.setText(model_words(self._chosen))
        self.words_b.setText("" if newest is None else model_words(newest))
        for widget in (self.words_a, self.slider):
            widget.setToolTip(self.words_a.text())
        self.slider.setAccessibleDescription(self.words_a.text())


def model_words(model: KeptModel) -> str:
    """Say which model it is, and how far from held-out notes where that was measured."""
    if model.name:
        return f"before training ({model.name})"
    seen = f"{model.examples_seen:,} notes seen"
    return seen if model.off_db is None else f"{seen}, {model.off_db:.1f} dB from held-out notes"


def _like(former: KeptModel | None, models: tuple[KeptModel, ...]) -> KeptModel | None:
    """Choose the model that was chosen before, else the one nearest to it; the first at first."""
    if former is None:
        return models[0] if models else None
    seen = former.examples_seen
    return min(models, key=lambda model: abs(model.examples_seen - seen), default=None)


def _button(letter: str, what: str) -> QPushButton:
    button = QPushButton(letter)
    button.setCheckable(True)
    button.setProperty("role", "choice")
    button.setAutoDefault(False)
    button.setFixedWidth(44)
    button.setToolTip(f"Hear {what} ({FLIP_KEY} flips); what you hold is cross-faded")
    button.setAccessibleName(f"Hear {letter}, {what}")
    return button


def _words() -> QLabel:
    words = QLabel()
    words.setProperty("role", "caption")
    return words
