"""The settings' page of MIDI controllers: all mappings, to change, to clear and to keep."""

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.bridge import Bridge
from gui.widgets.choice import Choice
from gui.widgets.theme import GAP, Theme
from gui.widgets.units_text import DASH, value_text
from instrument import ACTIONS, BY_NAME, TARGETS, Mapping, Source

from .midi_learn import MidiLearn
from .midi_profiles import MidiProfiles

HEADERS = ("Moves", "Controller", "Range", "Takeover")
WIDTHS = (180, 212, 150)


class MidiMapPage(QWidget):
    """A list of the mappings, what can be changed of the chosen one, and the profiles."""

    def __init__(self, bridge: Bridge, midi: MidiLearn, theme: Theme) -> None:
        super().__init__()
        self._bridge = bridge
        self._midi = midi
        self._awaited = ""  # what was being learned when the map was shown last
        self.list = _list()
        self.list.currentItemChanged.connect(self._show_chosen)
        self.low = _percent("Range from", "Where the least value of the controller is")
        self.high = _percent("Range to", "Where the greatest value of the controller is")
        self.inverted = QCheckBox("Inverted")
        self.inverted.setToolTip("The greatest value of the controller is the least of the target")
        self.takeover = QCheckBox("Soft takeover")
        self.takeover.setToolTip("The controller waits until it comes by the present value")
        self.channel = Choice("Channel of the controller", theme)
        self.channel.setMinimumContentsLength(10)
        for channel in (None, *range(16)):
            self.channel.addItem(channel_text(channel), channel)
        self.forget = QPushButton("Forget")
        self.forget.setToolTip("Take its controller away (Delete)")
        self.forget_all = QPushButton("Forget all")
        self.target = Choice("What to learn a controller for", theme)
        for name, title in TARGETS.items():
            self.target.addItem(title, name)
        self.learn = QPushButton("Learn")
        self.learn.setToolTip("Bind the next MIDI controller that you move")
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setProperty("role", "caption")
        self.profiles = MidiProfiles(bridge, theme)
        self._lay_out()
        self._connect()
        self._show()

    def look(self) -> None:
        """Ask which profiles there are."""
        self.profiles.look()

    @property
    def chosen(self) -> Mapping | None:
        """The mapping that is chosen in the list."""
        item = self.list.currentItem()
        target = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else ""
        return self._midi.midi_map.of(target)

    def _lay_out(self) -> None:
        editors = _row("From", self.low, "to", self.high, self.inverted, self.takeover, None)
        more = _row(self.channel, None, self.forget, self.forget_all)
        learning = _row(self.target, self.learn)
        learning.setStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 14, 20, 8)
        layout.setSpacing(GAP)
        layout.addLayout(learning)
        layout.addWidget(self.hint)
        layout.addWidget(self.list, 1)
        layout.addLayout(editors)
        layout.addLayout(more)
        layout.addWidget(self.profiles)

    def _connect(self) -> None:
        self._midi.changed.connect(self._show)
        self.low.valueChanged.connect(lambda value: self._change(low=value / 100.0))
        self.high.valueChanged.connect(lambda value: self._change(high=value / 100.0))
        self.inverted.clicked.connect(self._invert)
        self.takeover.clicked.connect(lambda checked: self._change(takeover=checked))
        self.channel.activated.connect(lambda: self._listen_on(self.channel.currentData()))
        self.forget.clicked.connect(self._forget)
        self.forget_all.clicked.connect(self._ask_to_forget_all)
        self.learn.clicked.connect(self._learn)
        key = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.list)
        key.setContext(Qt.ShortcutContext.WidgetShortcut)
        key.activated.connect(self._forget)

    def _learn(self) -> None:
        self._midi.learn("" if self._midi.learning else self.target.currentData())

    def _forget(self) -> None:
        chosen = self.chosen
        if chosen is not None:
            self._midi.forget(chosen.target)

    def _ask_to_forget_all(self) -> None:
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("Timbrepad")
        box.setText("Forget all MIDI controllers?")
        box.setInformativeText("Profiles that were saved stay.")
        button = box.addButton("Forget all", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        button.clicked.connect(lambda: self._midi.forget(""))
        box.open()

    def _invert(self) -> None:
        chosen = self.chosen
        if chosen is not None:
            self._change(low=chosen.high, high=chosen.low)

    def _listen_on(self, channel: int | None) -> None:
        chosen = self.chosen
        if chosen is not None:
            self._change(source=msgspec.structs.replace(chosen.source, channel=channel))

    def _change(self, **changes: object) -> None:
        chosen = self.chosen
        if chosen is not None:
            mapping = msgspec.structs.replace(chosen, **changes)
            self._bridge.ask(lambda instrument: instrument.map_midi(mapping))

    def _show(self) -> None:
        """Show the map anew; what was just learned is chosen, else what was chosen stays so."""
        midi_map, learning = self._midi.midi_map, self._midi.learning
        item = self.list.currentItem()
        target = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else ""
        if self._awaited and not learning and midi_map.of(self._awaited) is not None:
            target = self._awaited
        self._awaited = learning
        self.list.blockSignals(True)
        self.list.clear()
        items = [_item(mapping) for mapping in midi_map.mappings]
        self.list.addTopLevelItems(items)
        targets = [mapping.target for mapping in midi_map.mappings]
        if items:
            self.list.setCurrentItem(items[targets.index(target) if target in targets else 0])
        self.list.blockSignals(False)
        self.forget_all.setEnabled(bool(midi_map.mappings))
        self.learn.setText("Stop" if learning else "Learn")
        self.hint.setText(_hint(learning, is_empty=not midi_map.mappings))
        if learning:
            self.target.choose(learning)
        self.profiles.show_name(midi_map.name)
        self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = self.chosen
        editors = (self.low, self.high, self.inverted, self.takeover, self.channel)
        for editor in editors:
            editor.blockSignals(True)
            editor.setEnabled(chosen is not None)
        self.forget.setEnabled(chosen is not None)
        if chosen is not None:
            self.low.setValue(100.0 * chosen.low)
            self.high.setValue(100.0 * chosen.high)
            self.inverted.setChecked(chosen.high < chosen.low)
            self.takeover.setChecked(chosen.takeover)
            self.takeover.setEnabled(chosen.target not in ACTIONS)
            self._show_channel(chosen.source)
        for editor in editors:
            editor.blockSignals(False)

    def _show_channel(self, source: Source) -> None:
        """Show the channel; a bend of any channel is not offered, it would take the wheels away."""
        entries = self.channel.model()
        assert isinstance(entries, QStandardItemModel)
        entries.item(0).setEnabled(source.kind != "bend")
        self.channel.setCurrentIndex(0 if source.channel is None else source.channel + 1)


def channel_text(channel: int | None) -> str:
    """Give a channel, 0 to 15 or any, as a player counts it."""
    return "Any channel" if channel is None else f"Channel {channel + 1}"


def range_text(mapping: Mapping) -> str:
    """Give a mapping's range in the target's unit."""
    if mapping.target in ACTIONS:
        return "press"
    row = BY_NAME.get(mapping.target)
    if row is None:
        return f"{100 * mapping.low:.0f} {DASH} {100 * mapping.high:.0f} %"
    ends = (row.from_position(place) for place in (mapping.low, mapping.high))
    return f" {DASH} ".join(value_text(row, end) for end in ends)


def _hint(learning: str, *, is_empty: bool) -> str:
    if learning:
        return f"Move a MIDI controller: it will move {TARGETS[learning]}."
    if is_empty:
        return (
            "Nothing is learned yet. Choose what to move and press Learn, or use the menu of a "
            "knob or of the pad; then move a controller."
        )
    return "Choose what to move, press Learn, then move a controller."


def _item(mapping: Mapping) -> QTreeWidgetItem:
    takeover = "" if mapping.target in ACTIONS else "soft" if mapping.takeover else "at once"
    words = (TARGETS[mapping.target], str(mapping.source), range_text(mapping), takeover)
    item = QTreeWidgetItem(list(words))
    item.setData(0, Qt.ItemDataRole.UserRole, mapping.target)
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(word for word in words if word))
    return item


def _list() -> QTreeWidget:
    tree = QTreeWidget()
    tree.setAccessibleName("Mapped MIDI controllers")
    tree.setHeaderLabels(list(HEADERS))
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    tree.setAllColumnsShowFocus(True)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    for column, width in enumerate(WIDTHS):
        tree.setColumnWidth(column, width)
    return tree


def _percent(name: str, tip: str) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setAccessibleName(name)
    field.setToolTip(tip)
    field.setRange(0.0, 100.0)
    field.setDecimals(1)
    field.setSuffix(" %")
    field.setAlignment(Qt.AlignmentFlag.AlignCenter)
    field.setKeyboardTracking(False)
    field.setMinimumWidth(84)
    return field


def _row(*parts: QWidget | str | None) -> QHBoxLayout:
    """Put widgets and words side by side; None stretches."""
    row = QHBoxLayout()
    row.setSpacing(GAP)
    for part in parts:
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(QLabel(part) if isinstance(part, str) else part)
    return row
