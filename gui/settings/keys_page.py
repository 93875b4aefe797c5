"""The keys of every action: a list, and a field that takes others."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.commands.commands import Commands, KeysTakenError
from gui.widgets.fuzzy import best

FIXED = "Playing: A W S E D F ... notes, Z and X the octave, C and V the velocity; these are fixed."


class KeysPage(QWidget):
    """Lists every action with its keys; conflicts are refused with a line that says with what."""

    def __init__(self, commands: Commands) -> None:
        super().__init__()
        self._commands = commands
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search actions")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._fill)
        self.list = QTreeWidget()
        self.list.setAccessibleName("Actions and their keys")
        self.list.setHeaderLabels(["Action", "Of", "Keys"])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.currentItemChanged.connect(lambda _now, _before: self._show_chosen())
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.field = QKeySequenceEdit()
        self.list.itemActivated.connect(lambda _item: self.field.setFocus())
        self.field.setAccessibleName("New keys")
        self.field.setMaximumSequenceLength(1)
        for line in self.field.findChildren(QLineEdit):
            line.setAccessibleName("New keys: press them")
            line.setPlaceholderText("Press keys")
        self.field.editingFinished.connect(self._set)
        self.none = QPushButton("No keys")
        self.none.clicked.connect(lambda: self._try(self._commands.set_keys, QKeySequence()))
        self.usual = QPushButton("Default")
        self.usual.clicked.connect(lambda: self._try(self._commands.reset))
        self.all_usual = QPushButton("All defaults")
        self.all_usual.clicked.connect(commands.reset_all)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setAccessibleName("Problem")
        self._lay_out()
        commands.keys_changed.connect(self._fill)
        self._fill()

    @property
    def chosen(self) -> str:
        """The name of the chosen action; "" for none."""
        item = self.list.currentItem()
        return item.data(0, Qt.ItemDataRole.UserRole) if item is not None else ""

    def choose(self, name: str) -> None:
        """Choose an action in the list."""
        for place in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(place)
            if item is not None and item.data(0, Qt.ItemDataRole.UserRole) == name:
                self.list.setCurrentItem(item)

    def look(self) -> None:
        """Begin anew: nothing is wrong, and rows are as high as the style now makes them."""
        self._fill()

    def _lay_out(self) -> None:
        below = QHBoxLayout()
        below.addWidget(QLabel("Keys"))
        below.addWidget(self.field, 1)
        for button in (self.none, self.usual, self.all_usual):
            below.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 8)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addLayout(below)
        layout.addWidget(self.problem)

    def _fill(self) -> None:
        chosen = self.chosen
        table = list(self._commands.table.values())
        texts = [command.text for command in table]
        more = [f"{command.group} {self._commands.keys(command.name)}" for command in table]
        self.list.clear()
        for place in best(self.search.text(), texts, more):
            command = table[place]
            item = QTreeWidgetItem([command.text, command.group, self._commands.keys(command.name)])
            item.setData(0, Qt.ItemDataRole.UserRole, command.name)
            self.list.addTopLevelItem(item)
        self.list.resizeColumnToContents(1)
        self.choose(chosen)
        self._show_chosen()

    def _show_chosen(self) -> None:
        name = self.chosen
        for widget in (self.field, self.none, self.usual):
            widget.setEnabled(bool(name))
        if name:
            self.field.setKeySequence(self._commands.action(name).shortcut())
            self.usual.setEnabled(not self._commands.is_usual(name))
        self._say("")

    def _set(self) -> None:
        name, keys = self.chosen, self.field.keySequence()
        if name and keys != self._commands.action(name).shortcut():
            self._try(self._commands.set_keys, keys)

    def _try(self, change: object, *arguments: object) -> None:
        """Change the keys of what is chosen; refused, they stay and a line says why."""
        name = self.chosen
        try:
            change(name, *arguments)  # type: ignore[operator]
        except KeysTakenError as error:
            self.field.setKeySequence(self._commands.action(name).shortcut())
            self._say(str(error))

    def _say(self, problem: str) -> None:
        self.problem.setText(problem or FIXED)
        self.problem.setProperty("role", "error" if problem else "caption")
        self.problem.style().polish(self.problem)
