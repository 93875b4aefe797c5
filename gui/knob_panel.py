"""The knobs of the table of parameters, group by group."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from instrument import PARAMETERS

from .knob import Knob
from .theme import Theme

COLUMNS = 4
TALLEST = 590  # more would only tear the rows apart


class KnobPanel(QWidget):
    """Rows of four knobs, each row under the name of its group."""

    turned = Signal(str, float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.knobs: dict[str, Knob] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.setMaximumHeight(TALLEST)
        for group in dict.fromkeys(parameter.group for parameter in PARAMETERS):
            caption = QLabel(group.upper())
            caption.setProperty("role", "caption")
            caption.setContentsMargins(0, 3, 0, 0)
            layout.addWidget(caption)
            layout.addLayout(self._row(group, theme), 1)

    def show_value(self, name: str, value: float) -> None:
        """Show a parameter's value."""
        if name in self.knobs:
            self.knobs[name].show_value(value)

    def _row(self, group: str, theme: Theme) -> QGridLayout:
        row = QGridLayout()
        row.setSpacing(0)
        for place, parameter in enumerate(p for p in PARAMETERS if p.group == group):
            knob = Knob(parameter, theme)
            knob.turned.connect(self.turned)
            self.knobs[parameter.name] = knob
            row.addWidget(knob, place // COLUMNS, place % COLUMNS)
        for column in range(COLUMNS):
            row.setColumnStretch(column, 1)
        return row
