"""Undo and redo in the window: the history's moments, taken from the instrument and given back."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from instrument import InstrumentInterface, MidiMap, Preset

from .bridge import Bridge
from .preset_actions import PresetActions
from .sound_history import Card, Deed, Moment, SoundHistory

REST_MILLISECONDS = 150  # a hand that has not moved for so long has done a step, or a part of one


class Undo(QObject):
    """Follows the sound, whoever changes it: a hand here, a MIDI controller, a program change.

    What is only tried makes no step, until it is kept.
    """

    changed = Signal()

    def __init__(self, bridge: Bridge, actions: PresetActions, parent: QObject) -> None:
        super().__init__(parent)
        self.history = SoundHistory()
        self._bridge, self._actions = bridge, actions
        self._revision = -1  # of the sound that was taken last
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MILLISECONDS)
        self._rest.timeout.connect(self._look)
        for signal in (bridge.revision_changed, bridge.midi_map_changed):
            signal.connect(lambda _value: self._rest.start())
        bridge.preset_changed.connect(self._see_saved)
        actions.trial.tried.connect(self._see_trial)
        actions.done.connect(self._take_deed)

    @property
    def cards(self) -> tuple[Card, ...]:
        """The trail of the last sounds, the newest first."""
        return tuple(self.history.cards)

    def undo(self) -> None:
        """Take the last step back."""
        self._after_looking(lambda: self._follow(self.history.undo()))

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._after_looking(lambda: self._follow(self.history.redo()))

    def go_to(self, number: int) -> None:
        """Go to a sound of the trail, by its card's number; that can be undone as well."""
        card = self.history.card(number)
        if card is not None:
            self._after_looking(lambda: self._go(card.moment))

    def _go(self, moment: Moment) -> None:
        self.history.take(moment, time.monotonic())
        self._restore(moment)

    def _follow(self, way: Moment | Callable[[], None] | None) -> None:
        if isinstance(way, Moment):
            self._restore(way)
        elif way is not None:
            way()
        self.changed.emit()

    def _restore(self, moment: Moment) -> None:
        present = self._bridge.status.midi_map

        def restore(instrument: InstrumentInterface) -> Preset:
            instrument.load_preset(moment.preset)
            if moment.is_changed:
                instrument.mark_changed()
            if moment.midi_map.mappings != present.mappings:
                _map(instrument, moment.midi_map)
            return instrument.preset()

        def settle(preset: Preset) -> None:
            self.history.settle(moment._replace(preset=preset))
            self.changed.emit()

        self._bridge.ask(restore, settle)

    def _look(self) -> None:
        if not self._actions.is_auditioning and self._bridge.status.corners:
            self._bridge.ask(lambda instrument: instrument.preset(), self._take)

    def _after_looking(self, go_on: Callable[[], None]) -> None:
        """Do something when all that was done before it has become a step."""
        self._actions.go_back()

        def look(preset: Preset) -> None:
            if not self._actions.is_auditioning:
                self._take(preset)
            go_on()

        self._rest.stop()
        self._bridge.ask(lambda instrument: instrument.preset(), look)

    def _take(self, preset: Preset) -> None:
        status = self._bridge.status
        self._revision = status.revision
        moment = Moment(preset, status.midi_map, status.preset_changed)
        if self.history.take(moment, time.monotonic()):
            self.changed.emit()

    def _take_deed(self, what: str, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        self.history.did(Deed(what, undo, redo))
        self.changed.emit()

    def _see_saved(self, preset: tuple[str, bool]) -> None:
        name, is_changed = preset
        now = self.history.now
        if now is None or is_changed or self._bridge.status.revision != self._revision:
            return  # it became another sound; that is seen once it rests
        if now.is_changed or now.preset.name != name:
            self.history.saved(name)

    def _see_trial(self, name: str) -> None:
        if not name:
            self._rest.start()  # it is kept, or gone


def _map(instrument: InstrumentInterface, midi_map: MidiMap) -> None:
    instrument.forget_midi("")
    for mapping in midi_map.mappings:
        instrument.map_midi(mapping)
