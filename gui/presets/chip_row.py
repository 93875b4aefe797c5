"""Small buttons under the search field: what the list shows, and in which order."""

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from gui.widgets.flow_layout import FlowLayout
from instrument import PresetEntry

NEAR, FAVOURITES, RECENT = "near this", "\N{BLACK HEART SUIT}", "recent"
N_LINES = 2
N_TAGS = 10
_FIXED = {
    NEAR: "Sort by nearness to what sounds: measured brightness, attack, decay and breath",
    FAVOURITES: "Only favourites",
    RECENT: "Opened lately, the last first",
}
_NAMES = {FAVOURITES: "Favourites"}


class ChipRow(QWidget):
    """Three chips that are always there, then one for each of the commonest tags."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._chips: dict[str, QPushButton] = {}
        self._flow = FlowLayout(N_LINES, 4)
        self.setLayout(self._flow)
        self.setAccessibleName("Filters of the presets")
        for text, tip in _FIXED.items():
            self._add(text, tip)

    def show_tags(self, entries: Sequence[PresetEntry]) -> None:
        """Offer the tags that most presets have."""
        counts = Counter(tag for entry in entries for tag in entry.tags)
        tags = [tag for tag, _ in counts.most_common(N_TAGS)]
        if tags == list(self._chips)[len(_FIXED) :]:
            return
        for tag in [tag for tag in self._chips if tag not in _FIXED and tag not in tags]:
            chip = self._chips.pop(tag)
            self._flow.removeWidget(chip)
            chip.deleteLater()
        for tag in tags:
            if tag not in self._chips:
                self._add(tag, f"Only those tagged “{tag}”")
        self.updateGeometry()

    def is_on(self, text: str) -> bool:
        """Whether a chip is pressed in."""
        return text in self._chips and self._chips[text].isChecked()

    def tags(self) -> list[str]:
        """Give the tags that are asked for."""
        return [tag for tag in self._chips if tag not in _FIXED and self.is_on(tag)]

    def chip(self, text: str) -> QPushButton:
        """Give a chip by what it says."""
        return self._chips[text]

    def press(self, text: str) -> None:
        """Press a chip in, or out again."""
        self._chips[text].click()

    def _add(self, text: str, tip: str) -> None:
        chip = QPushButton(text)
        chip.setProperty("role", "chip")
        chip.setCheckable(True)
        chip.setToolTip(tip)
        chip.setAccessibleName(_NAMES.get(text, text))
        chip.toggled.connect(lambda _is_on: self.changed.emit())
        former = next(reversed(self._chips.values()), None)
        self._chips[text] = chip
        self._flow.addWidget(chip)
        if former is not None:  # a chip that is made later shall not be the last in the window
            self.setTabOrder(former, chip)
