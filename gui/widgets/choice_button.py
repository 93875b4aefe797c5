"""One parameter of choices as a word with a menu, where a knob would be too much."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QActionGroup, QContextMenuEvent
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from instrument import Parameter

from .units_text import value_text


class ChoiceButton(QToolButton):
    """Shows what is chosen; a click opens the choices and what MIDI has to do with them."""

    turned = Signal(str, float)
    menu_opened = Signal(str, object)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self._value = parameter.default
        self._midi = ""
        self.setProperty("role", "word")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._open)
        self._show()

    @property
    def current(self) -> float:
        """The value: the number of the choice."""
        return self._value

    def show_value(self, value: float) -> None:
        """Show what the instrument says, without telling it back."""
        self._value = self.parameter.clip(value)
        self._show()

    def show_midi(self, mover: str, *, is_learned: bool, is_learning: bool) -> None:
        """Show which MIDI controller moves it: its words, whether it is learned or awaited."""
        self._midi = "learning MIDI: move a controller" if is_learning else mover
        if is_learned and not is_learning:
            self._midi = f"MIDI: {mover}"
        self._show()

    def menu_of_choices(self) -> QMenu:
        """Make the menu."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        group = QActionGroup(menu)
        for value, words in enumerate(self.parameter.choices):
            action = menu.addAction(words, lambda value=value: self._choose(float(value)))  # type: ignore[misc]
            action.setCheckable(True)
            action.setChecked(value == round(self._value))
            group.addAction(action)
        menu.addSeparator()
        self.menu_opened.emit(self.parameter.name, menu)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu where the mouse is."""
        self.menu_of_choices().popup(event.globalPos())

    def _open(self) -> None:
        self.menu_of_choices().popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def _choose(self, value: float) -> None:
        if value != self._value:
            self.show_value(value)
            self.turned.emit(self.parameter.name, value)

    def _show(self) -> None:
        words = value_text(self.parameter, self._value)
        self.setText(f"{words} ▾")
        self.setAccessibleName(f"{self.parameter.label}: {words}")
        self.setAccessibleDescription(self._midi)
        midi = f"\n{self._midi}" if self._midi else ""
        self.setToolTip(f"How {self.parameter.label} end{midi}")
        self.adjustSize()
