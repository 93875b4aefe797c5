"""What the player does in the window, handed on to the instrument."""

import time

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMenu

from gui.settings.midi_learn import MidiLearn
from gui.widgets.computer_keys import ComputerKeys
from instrument import (
    MOD_WHEEL,
    PAD_X,
    PAD_Y,
    AudioSettings,
    ChannelPressure,
    ControlChange,
    MovePad,
    MovePoint,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    RecordPath,
    SetParameter,
    SetPath,
    TapTempo,
)

from .bridge import Bridge
from .panels import Panels

FIRST_CHORD = ((48, 84), (60, 92), (64, 80), (67, 88))
CHORD_MILLISECONDS = 2000


class Player(QObject):
    """Joins the panels' signals to events and requests."""

    def __init__(
        self,
        bridge: Bridge,
        panels: Panels,
        keys: ComputerKeys,
        midi: MidiLearn,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._bridge, self._panels, self._keys, self._midi = bridge, panels, keys, midi
        self._connect_pad()
        self._connect_points()
        self._connect_match()
        self._connect_keys()
        for knobs in (panels.knobs, panels.note_view.ending):
            knobs.turned.connect(
                lambda name, value: bridge.post(SetParameter(name=name, value=value))
            )
            knobs.menu_opened.connect(lambda name, menu: midi.add_to(menu, name))
        midi.attach(panels.top.previous, "previous_preset")
        midi.attach(panels.top.next, "next_preset")
        panels.top.record.started.connect(
            lambda settings: bridge.ask(lambda instrument: instrument.start_recording(settings))
        )
        panels.top.record.stopped.connect(
            lambda: bridge.ask(lambda instrument: instrument.stop_recording())
        )
        panels.top.timing.block_wanted.connect(self.use_block)
        panels.status_line.tapped.connect(self.tap)

    def reroll(self, index: int | None = None) -> None:
        """Draw a new latent for one point, or for every point that is not locked."""
        self._bridge.ask(lambda instrument: instrument.reroll(index))

    def toggle_path(self) -> None:
        """Play the path in a loop, or stop it."""
        is_on = self._bridge.status.parameters.get("path_mode", 0.0) > 0.0
        self._bridge.post(SetParameter(name="path_mode", value=0.0 if is_on else 1.0))

    def clear_path(self) -> None:
        """Take the path away."""
        self._bridge.post(SetPath(path=None))

    def centre(self) -> None:
        """Put the finger in the middle of the pad."""
        self._panels.pad.show_place(0.5, 0.5)
        self._bridge.post(MovePad(x=0.5, y=0.5))

    def play_chord(self) -> None:
        """Let the sound be heard by one click: a chord, let go by itself."""
        for note, velocity in FIRST_CHORD:
            self._bridge.post(NoteOn(note=note, velocity=velocity))
        QTimer.singleShot(CHORD_MILLISECONDS, self, self._end_chord)

    def tap(self) -> None:
        """Tap the tempo."""
        self._bridge.post(TapTempo(time_seconds=time.monotonic()))

    def panic(self) -> None:
        """Silence everything at once."""
        self._keys.release_all()
        self._panels.keyboard.release_all()
        self._bridge.post(Panic())

    def _end_chord(self) -> None:
        for note, _ in FIRST_CHORD:
            self._bridge.post(NoteOff(note=note))

    def use_block(self, block: int) -> None:
        """Open the output again with blocks of another size."""
        audio = self._bridge.status.audio
        settings = AudioSettings(
            device=audio.device,
            sample_rate=round(audio.sample_rate),
            block=block,
            timing=audio.timing,
        )
        self._bridge.ask(lambda instrument: instrument.open_audio(settings))

    def _connect_pad(self) -> None:
        pad, bridge = self._panels.pad, self._bridge
        pad.moved.connect(lambda x, y: bridge.post(MovePad(x=x, y=y)))
        pad.recorded.connect(
            lambda is_on, is_even: bridge.post(RecordPath(is_on=is_on, is_even=is_even))
        )
        pad.path_cleared.connect(self.clear_path)
        pad.path_toggled.connect(self.toggle_path)
        pad.path_changed.connect(lambda path: bridge.post(SetPath(path=path)))
        pad.pressed_hard.connect(lambda value: bridge.post(ChannelPressure(value=value)))
        pad.menu_opened.connect(self._add_midi_of_pad)

    def _connect_points(self) -> None:
        pad, browser, bridge = self._panels.pad, self._panels.browser, self._bridge
        pad.timbre_chosen.connect(self._set_corner)
        browser.timbre_chosen.connect(self._set_corner)
        pad.point_moved.connect(lambda index, x, y: bridge.post(MovePoint(index=index, x=x, y=y)))
        pad.point_added.connect(self._add_point)
        browser.point_wanted.connect(lambda name: self._add_point(*pad.place, name))
        pad.point_removed.connect(
            lambda index: bridge.ask(lambda instrument: instrument.remove_point(index))
        )
        pad.point_renamed.connect(
            lambda index, name: bridge.ask(lambda instrument: instrument.rename_point(index, name))
        )
        pad.arranged.connect(
            lambda is_on: bridge.ask(lambda instrument: instrument.use_corners(is_on))
        )
        pad.rerolled.connect(self.reroll)
        pad.lock_toggled.connect(self._lock)

    def _connect_match(self) -> None:
        pad, match = self._panels.pad, self._panels.match
        pad.sound_dropped.connect(self._match)
        pad.match_wanted.connect(match.ask_for_file)
        match.chosen.connect(self._match)
        match.heard.connect(
            lambda file: self._bridge.ask(lambda instrument: instrument.play_file(file))
        )

    def _connect_keys(self) -> None:
        panels, bridge = self._panels, self._bridge
        panels.bend.rolled.connect(lambda amount: bridge.post(PitchBend(value=amount)))
        panels.mod.rolled.connect(
            lambda amount: bridge.post(
                ControlChange(controller=MOD_WHEEL, value=round(127 * amount))
            )
        )
        panels.keyboard.note_on.connect(
            lambda note, velocity: bridge.post(NoteOn(note=note, velocity=velocity))
        )
        panels.keyboard.note_off.connect(lambda note: bridge.post(NoteOff(note=note)))
        self._keys.note_on.connect(panels.keyboard.press)
        self._keys.note_off.connect(panels.keyboard.release)

    def _set_corner(self, index: int, timbre: str) -> None:
        self._bridge.ask(lambda instrument: instrument.set_corner(index, timbre))

    def _add_point(self, x: float, y: float, timbre: str) -> None:
        self._bridge.ask(lambda instrument: instrument.add_point(x, y, timbre))

    def _match(self, index: int, file: str) -> None:
        status = self._bridge.status
        if status.model is not None and index < len(status.corners):
            self._panels.match.match(file, index, status.corners[index].name, status.model.path)

    def _lock(self, index: int, locked: bool) -> None:
        self._bridge.ask(lambda instrument: instrument.lock_corner(index, locked))

    def _add_midi_of_pad(self, menu: QMenu) -> None:
        for axis in (PAD_X, PAD_Y):
            self._midi.add_submenu_to(menu, axis)
