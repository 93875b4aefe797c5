"""Learning MIDI controllers from the window: what menus offer, and what moves what."""

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from gui.bridge import Bridge
from instrument import TARGETS, USUAL_CONTROLLERS, MidiMap


class MidiLearn(QObject):
    """Follows the instrument's MIDI map, and asks it to learn and to forget.

    Attributes:
        midi_map: What is mapped.
        learning: What the next controller is to move, or "".
    """

    changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.midi_map = MidiMap()
        self.learning = ""
        self._bridge = bridge
        bridge.midi_map_changed.connect(self._show_map)
        bridge.learning_changed.connect(self._show_learning)

    def learn(self, target: str) -> None:
        """Wait for a controller for a target; "" waits for none."""
        self._bridge.ask(lambda instrument: instrument.learn_midi(target))

    def forget(self, target: str) -> None:
        """Take a target's controller away; "" takes all."""
        self._bridge.ask(lambda instrument: instrument.forget_midi(target))

    def is_learned(self, target: str) -> bool:
        """Say whether the player has given a target a controller."""
        return self.midi_map.of(target) is not None

    def mover(self, target: str) -> str:
        """Say which controller moves a target: the learned one, else the usual one, else ""."""
        mapping = self.midi_map.of(target)
        if mapping is not None:
            return str(mapping.source)
        usual = USUAL_CONTROLLERS.get(target)
        is_taken = any(usual in mapping.source.controllers for mapping in self.midi_map.mappings)
        return "" if usual is None or is_taken else f"CC {usual}"

    def add_to(self, menu: QMenu, target: str) -> None:
        """Add to a menu what moves a target, and ways to learn and to forget."""
        mover = self.mover(target)
        said = menu.addAction(f"MIDI: {mover}" if mover else "MIDI: no controller")
        said.setEnabled(False)
        if self.learning == target:
            menu.addAction("Stop learning", lambda: self.learn(""))
        else:
            menu.addAction("Learn MIDI", lambda: self.learn(target))
        forget = menu.addAction("Forget MIDI", lambda: self.forget(target))
        forget.setEnabled(self.is_learned(target))

    def attach(self, widget: QWidget, target: str) -> None:
        """Give a widget without a menu one for a target."""

        def show_menu(place: QPoint) -> None:
            menu = QMenu(widget)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.add_to(menu, target)
            menu.popup(widget.mapToGlobal(place))

        widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        widget.customContextMenuRequested.connect(show_menu)

    def add_submenu_to(self, menu: QMenu, target: str) -> None:
        """Add the same under the target's name, for a menu of several targets."""
        self.add_to(menu.addMenu(f"MIDI for {TARGETS[target]}"), target)

    def _show_map(self, midi_map: MidiMap) -> None:
        self.midi_map = midi_map
        self.changed.emit()

    def _show_learning(self, target: str) -> None:
        self.learning = target
        self.changed.emit()
