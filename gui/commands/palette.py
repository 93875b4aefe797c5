"""The command palette: every action of the window, found by a few letters."""

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.widgets import theme as themes
from gui.widgets.fuzzy import best
from gui.widgets.theme import Theme

from .commands import Commands

WIDTH, HEIGHT = 560, 400
TOP = 56  # below the window's upper edge
_TO_THE_LIST = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}


class Palette(QDialog):
    """A field over a list; Enter does what is chosen, Esc or a click beside it puts it away."""

    def __init__(self, commands: Commands, theme: Theme, window: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._commands, self._theme = commands, theme
        self.setWindowTitle("Commands")
        self.field = QLineEdit()
        self.field.setPlaceholderText("What do you want to do?")
        self.field.setAccessibleName("Search for a command")
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self._run_chosen)
        self.field.installEventFilter(self)
        self.list = QTreeWidget()
        self.list.setAccessibleName("Commands")
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(lambda _item: self._run_chosen())
        self.list.itemActivated.connect(lambda _item: self._run_chosen())
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.addWidget(self.field)
        layout.addWidget(self.list, 1)

    def begin(self) -> None:
        """Show it over the window, with all actions."""
        window = self.parentWidget()
        assert window is not None
        width = min(WIDTH, window.width() - 40)
        height = min(HEIGHT, window.height() - TOP - 40)
        self.resize(width, height)
        self.move(window.mapToGlobal(QPoint((window.width() - width) // 2, TOP)))
        self.field.clear()
        self._filter()
        self.show()
        self.field.setFocus()

    def shown(self) -> list[str]:
        """Give the names of the actions in the list, the best first."""
        items = [self.list.topLevelItem(place) for place in range(self.list.topLevelItemCount())]
        return [item.data(0, Qt.ItemDataRole.UserRole) for item in items if item is not None]

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys of the field choose in the list."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() not in _TO_THE_LIST:
            return False
        self.list.event(event)
        return True

    def _filter(self) -> None:
        table = [command for command in self._commands.table.values() if command.name != "palette"]
        texts = [command.text for command in table]
        more = [f"{command.group} {command.words}" for command in table]
        self.list.clear()
        for place in best(self.field.text(), texts, more):
            command = table[place]
            keys = self._commands.keys(command.name)
            item = QTreeWidgetItem([command.text, command.group, keys])
            item.setData(0, Qt.ItemDataRole.UserRole, command.name)
            for column in (1, 2):
                item.setForeground(column, self._theme.colour("dim"))
                item.setFont(column, themes.font(themes.SMALL_PIXELS))
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if not self._commands.action(command.name).isEnabled():
                item.setDisabled(True)
                item.setForeground(0, self._theme.colour("faint"))
            self.list.addTopLevelItem(item)
        items = (self.list.topLevelItem(place) for place in range(self.list.topLevelItemCount()))
        first = next((item for item in items if item is not None and not item.isDisabled()), None)
        if first is not None:
            self.list.setCurrentItem(first)

    def _run_chosen(self) -> None:
        item = self.list.currentItem()
        if item is None or item.isDisabled():
            return
        name = item.data(0, Qt.ItemDataRole.UserRole)
        self.close()
        self._commands.run(name)
