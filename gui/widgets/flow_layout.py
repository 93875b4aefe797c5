"""A layout that sets widgets in lines, as words are set, and leaves out what has no room."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Widgets from left to right, a new line where one is full; at most `n_lines`."""

    def __init__(self, n_lines: int, gap: int) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._n_lines, self._gap = n_lines, gap

    def addItem(self, item: QLayoutItem) -> None:
        """Take an item; `addWidget` makes it."""
        self._items.append(item)

    def count(self) -> int:
        """Count the items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Give an item."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Let an item go."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Want no more room than is needed."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Say that the height follows the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Give the height of the lines in a width."""
        return max((rect.bottom() + 1 for _, rect in self._places(width)), default=0)

    def sizeHint(self) -> QSize:
        """Ask for little; the width decides."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """Ask for room for the largest widget."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(_size(item))
        return size

    def setGeometry(self, rect: QRect) -> None:
        """Set the widgets, and hide those that have no line any more."""
        super().setGeometry(rect)
        places = {id(item): place for item, place in self._places(rect.width())}
        for item in self._items:
            widget = item.widget()
            place = places.get(id(item))
            if isinstance(widget, QWidget) and widget.isHidden() != (place is None):
                widget.setVisible(place is not None)  # which sets all widgets anew
            if place is not None:
                item.setGeometry(place.translated(rect.topLeft()))

    def _places(self, width: int) -> list[tuple[QLayoutItem, QRect]]:
        places: list[tuple[QLayoutItem, QRect]] = []
        x = y = line = height = 0
        for item in self._items:
            size = _size(item)
            if x > 0 and x + size.width() > width:
                x, y, line, height = 0, y + height + self._gap, line + 1, 0
            if line >= self._n_lines:
                break
            places.append((item, QRect(QPoint(x, y), size)))
            x += size.width() + self._gap
            height = max(height, size.height())
        return places


def _size(item: QLayoutItem) -> QSize:
    """Give the size that an item asks for, hidden or not: a hidden one's own size is nothing."""
    widget = item.widget()
    return widget.sizeHint() if isinstance(widget, QWidget) else item.sizeHint()
