"""Undo and redo in the window: the history's moments, taken from the instrument and given back."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from gui.bridge import Bridge
from gui.presets.preset_actions import PresetActions
from instrument import InstrumentInterface, MidiMap

from .sound_differences import Moment
from .sound_history import Card, Deed, SoundHistory

REST_MILLISECONDS = 150  # a hand that has not moved for so long has done a step, or a part of one

Way = Moment | Callable[[], None] | None


class Undo(QObject):
    """Follows the sound, whoever changes it: a hand here, a MIDI controller, a program change.

    What is only tried makes no step, until it is kept. The sound is looked at, and brought back, on
    the bridge's thread and there one thing after another, so that a second Ctrl+Z never overtakes
    the first.
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
            signal.connect(lambda _value: self._see_change())
        bridge.preset_changed.connect(self._see_saved)
        actions.trial.tried.connect(self._see_trial)
        actions.done.connect(self._take_deed)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back, or may be once the hand rests."""
        return bool(self.history.undo_words) or self._rest.isActive()

    @property
    def cards(self) -> tuple[Card, ...]:
        """The trail of the last sounds, the newest first."""
        return tuple(self.history.cards)

    def undo(self) -> None:
        """Take the last step back; a sound that is only tried goes first."""
        self._go(self.history.undo)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._go(self.history.redo)

    def go_to(self, number: int) -> None:
        """Go to a sound of the trail, by its card's number; that can be undone as well."""
        card = self.history.card(number)
        if card is not None:

            def go() -> Moment:
                self.history.take(card.moment, time.monotonic())
                return card.moment

            self._go(go)

    def _go(self, choose: Callable[[], Way]) -> None:
        """Take what was done until now as a step, then go where the history says."""
        if self._actions.is_auditioning:
            self._actions.go_back()
            return
        self._rest.stop()

        def go(instrument: InstrumentInterface) -> Way:
            self._take(instrument)
            way = choose()
            if isinstance(way, Moment):
                self._restore(instrument, way)
            return way

        self._bridge.ask(go, self._went)

    def _went(self, way: Way) -> None:
        if way is not None and not isinstance(way, Moment):
            way()
        self.changed.emit()

    def _restore(self, instrument: InstrumentInterface, moment: Moment) -> None:
        """Bring a sound back; on the bridge's thread."""
        instrument.load_preset(moment.preset)
        if moment.is_changed:
            instrument.mark_changed()
        if moment.midi_map.mappings != instrument.status().midi_map.mappings:
            _map(instrument, moment.midi_map)
        self.history.settle(moment._replace(preset=instrument.preset()))

    def _look(self) -> None:
        if not self._actions.is_auditioning and self._bridge.status.corners:
            self._bridge.ask(self._take, lambda _none: self.changed.emit())

    def _take(self, instrument: InstrumentInterface) -> None:
        """Take the present sound; on the bridge's thread."""
        status = instrument.status()
        preset = instrument.preset()
        moment = Moment(preset, status.midi_map, status.preset_changed)
        self._revision = status.revision
        self.history.take(moment, time.monotonic())

    def _take_deed(self, what: str, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        self.history.did(Deed(what, undo, redo))
        self.changed.emit()

    def _see_change(self) -> None:
        self._rest.start()
        if self.history.now is not None:
            self.changed.emit()

    def _see_saved(self, preset: tuple[str, bool]) -> None:
        name, is_changed = preset
        now = self.history.now
        if now is None or is_changed or self._bridge.status.revision != self._revision:
            return  # it became another sound; that is seen once it rests
        if now.is_changed or now.preset.name != name:
            self._bridge.ask(lambda _instrument: self.history.saved(name))

    def _see_trial(self, name: str) -> None:
        """When nothing is tried any more: look, once the sound that is kept has come back."""
        if not name:
            ask = self._bridge.ask
            # the first answer comes before the sound is asked back, the second one after it
            ask(_nothing, lambda _none: ask(_nothing, lambda _again: self._rest.start()))


def _nothing(_instrument: InstrumentInterface) -> None:
    """Ask nothing: only be answered after all that was asked before."""


def _map(instrument: InstrumentInterface, midi_map: MidiMap) -> None:
    instrument.forget_midi("")
    for mapping in midi_map.mappings:
        instrument.map_midi(mapping)
