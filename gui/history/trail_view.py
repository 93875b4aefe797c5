"""The trail of the last sounds as small cards: walk back to any of them."""

import time
from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.presets.sound_pictures import preset_picture
from instrument import Timbre

from .sound_history import Card

PICTURE = QSize(96, 62)
CARD = QSize(122, 108)
N_ACROSS, N_DOWN = 5, 3


class TrailView(QDialog):
    """Cards, the newest first; a click or Enter goes there."""

    chosen = Signal(int)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle("Trail of sounds")
        self.list = QListWidget()
        self.list.setAccessibleName("Trail of sounds, the newest first")
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setIconSize(PICTURE)
        self.list.setGridSize(CARD)
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        words = QLabel("Every sound that you went by. Going back to one can be undone, too.")
        words.setProperty("role", "caption")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 10)
        layout.addWidget(words)
        layout.addWidget(self.list, 1)

    def begin(
        self, cards: Sequence[Card], present: int, timbres: Sequence[Timbre], at: QPoint
    ) -> None:
        """Show cards.

        Args:
            cards: The newest first.
            present: The number of the one that sounds now.
            timbres: Of the model, for the colours.
            at: The upper left corner on the screen.
        """
        self.list.clear()
        for card in cards:
            item = QListWidgetItem(_icon(card, timbres, self.devicePixelRatioF()), card.what)
            item.setData(Qt.ItemDataRole.UserRole, card.number)
            when = _ago(time.monotonic() - card.at)
            preset = card.moment.preset
            item.setToolTip(f"{preset.name}: {card.what}, {when}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{preset.name}, {card.what}, {when}")
            item.setText(f"{card.what}\n{when}")
            self.list.addItem(item)
            if card.number == present:
                self.list.setCurrentItem(item)
        across = min(max(len(cards), 2), N_ACROSS)
        down = min(-(-len(cards) // N_ACROSS) or 1, N_DOWN)
        self.resize(across * CARD.width() + 46, down * CARD.height() + 52)
        self.move(at)
        self.show()
        self.list.setFocus()

    def _choose(self, item: QListWidgetItem) -> None:
        number = item.data(Qt.ItemDataRole.UserRole)
        if self.isVisible():
            self.close()
            self.chosen.emit(number)


def _icon(card: Card, timbres: Sequence[Timbre], ratio: float) -> QIcon:
    picture = preset_picture(card.moment.preset, timbres, PICTURE * ratio)
    picture.setDevicePixelRatio(ratio)
    return QIcon(picture)


def _ago(seconds: float) -> str:
    """Say how long ago something was."""
    if seconds < 60:
        return "now" if seconds < 5 else f"{seconds:.0f} s ago"
    minutes = seconds / 60
    return f"{minutes:.0f} min ago" if minutes < 60 else f"{minutes / 60:.0f} h ago"
