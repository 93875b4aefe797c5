"""What the instrument says, shown by the panels: each topic where it belongs."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from gui.seeing.note_view import NotePicture, picture_of
from gui.settings.midi_learn import MidiLearn
from gui.widgets.choice_button import ChoiceButton
from gui.widgets.knob import Knob
from instrument import ModelInfo, NoteWave

from . import hints
from .bridge import Bridge
from .panels import Panels

TIP_MILLISECONDS = 20_000
NEW_NOTE_MILLISECONDS = 400  # at least until the picture of another note
SAME_NOTE_MILLISECONDS = 1200  # and until another one of the same, which follows the pad
COUNT_MILLISECONDS = 250


class Showing(QObject):
    """Joins the bridge's signals to the panels."""

    def __init__(
        self,
        bridge: Bridge,
        panels: Panels,
        midi: MidiLearn,
        keys: Callable[[str], str],
        parent: QObject,
    ) -> None:
        """Join them.

        Args:
            bridge: To the instrument.
            panels: That show.
            midi: What is being learned.
            keys: Gives the keys of an action, for the tips; "" for none.
            parent: In Qt's tree.
        """
        super().__init__(parent)
        self._keys = keys
        self._bridge, self._panels, self._midi = bridge, panels, midi
        self._tip_turn = 0
        self._note_is_due = False
        self._tips = QTimer(self)
        self._tips.setInterval(TIP_MILLISECONDS)
        self._tips.timeout.connect(self._next_tip)
        self._tips.start()
        self._counts = QTimer(self)
        self._counts.setSingleShot(True)
        self._counts.setInterval(COUNT_MILLISECONDS)
        self._counts.timeout.connect(self._show_connections)
        self._pictured = -1
        self._note_pause = QTimer(self)
        self._note_pause.setSingleShot(True)
        self._note_pause.timeout.connect(self._picture_due_note)
        self._connect_sound()
        self._connect_playing()
        self._connect_connections()
        panels.pad.placed.connect(panels.place_label.show_place)
        panels.place_label.show_place(*panels.pad.place)
        self._show_connections()

    def _connect_sound(self) -> None:
        bridge, panels = self._bridge, self._panels
        bridge.parameter_changed.connect(self._show_parameter)
        bridge.corners_changed.connect(panels.pad.show_corners)
        bridge.corners_changed.connect(panels.browser.show_points)
        bridge.timbres_changed.connect(panels.pad.show_timbres)
        bridge.timbres_changed.connect(panels.browser.show_timbres)
        bridge.path_changed.connect(panels.pad.show_path)
        bridge.playability_changed.connect(panels.pad.show_playability)
        bridge.motion_changed.connect(lambda motion: panels.pad.show_motion(*motion))
        bridge.cache_changed.connect(lambda counts: panels.pad.show_fresh(*counts))
        bridge.waiting_changed.connect(panels.knobs.show_waiting)
        bridge.model_changed.connect(self._show_range)

    def _connect_playing(self) -> None:
        bridge, panels = self._bridge, self._panels
        bridge.state_changed.connect(self._state_changed)
        bridge.moved.connect(self._show_moved)
        bridge.freshness_changed.connect(panels.keyboard.show_freshness)
        bridge.gated_changed.connect(panels.keyboard.show_gated)
        bridge.level_changed.connect(panels.meter.show_level)
        bridge.spectrum_changed.connect(panels.spectrum.show_spectrum)
        bridge.timing_changed.connect(panels.top.timing.show_status)
        bridge.recording_changed.connect(panels.top.record.show_status)
        bridge.note_changed.connect(lambda _note: self._picture_note())

    def _connect_connections(self) -> None:
        bridge = self._bridge
        bridge.tempo_changed.connect(
            lambda _tempo: self._panels.status_line.show_status(bridge.status)
        )
        bridge.noticed.connect(self._panels.notices.add)
        bridge.cache_changed.connect(lambda _counts: self._count_soon())
        self._midi.changed.connect(self._show_midi)
        for signal in (
            bridge.audio_changed,
            bridge.midi_changed,
            bridge.model_changed,
            bridge.renderer_changed,
        ):
            signal.connect(lambda _value: self._show_connections())

    def _state_changed(self, state: str) -> None:
        if state != "playing":
            self._panels.keyboard.release_all()
            self._panels.keyboard.show_gated(bytes(128))
        self._show_connections()

    def _show_connections(self) -> None:
        self._panels.status_line.show_status(self._bridge.status)
        self._show_trouble()

    def _count_soon(self) -> None:
        """Show the fresh notes' number, but not at each note: that lays out the line anew."""
        if not self._counts.isActive():
            self._counts.start()

    def _show_trouble(self) -> None:
        state, status = self._bridge.state, self._bridge.status
        self._panels.card.show_hint(hints.trouble(state, status))
        self._panels.status_line.show_hint(*hints.tip(state, status, self._tip_turn, self._keys))

    def _next_tip(self) -> None:
        self._tip_turn += 1
        self._show_trouble()

    def _show_moved(self, name: str, value: object) -> None:
        if name == "pad" and isinstance(value, tuple):
            self._panels.pad.show_place(*value)
        elif isinstance(value, float):
            {"bend": self._panels.bend, "mod": self._panels.mod}[name].show_amount(value)

    def _show_parameter(self, name: str, value: float) -> None:
        if name == "ending":
            self._panels.note_view.ending.show_value(value)
            self._panels.note_view.place_ending()
            self._picture_note()
        else:
            self._panels.knobs.show_value(name, value)

    def _show_range(self, model: ModelInfo | None) -> None:
        if model is not None:
            self._panels.keyboard.set_range(model.lowest_pitch, model.highest_pitch)
            self._panels.knobs.axes.show_model(model)

    def _show_midi(self) -> None:
        midi = self._midi
        knobs: list[Knob | ChoiceButton] = [*self._panels.knobs.knobs.values()]
        for knob in (*knobs, self._panels.note_view.ending):
            name = knob.parameter.name
            knob.show_midi(
                midi.mover(name),
                is_learned=midi.is_learned(name),
                is_learning=midi.learning == name,
            )
        self._panels.pad.show_learning(midi.learning)
        self._show_trouble()

    def _picture_note(self) -> None:
        """Ask for the picture of the note, now or when the last one is old enough."""
        if self._note_pause.isActive():
            self._note_is_due = True
            return
        self._note_is_due = False
        note = self._bridge.status.last_note
        is_new, self._pictured = note != self._pictured, note
        self._note_pause.start(NEW_NOTE_MILLISECONDS if is_new else SAME_NOTE_MILLISECONDS)
        if note >= 0:
            self._bridge.ask(
                lambda instrument: _picture(instrument.note_wave(note)), self._show_picture
            )

    def _picture_due_note(self) -> None:
        if self._note_is_due:
            self._picture_note()

    def _show_picture(self, picture: NotePicture | None) -> None:
        if picture is not None:
            self._panels.note_view.show_picture(picture)


def _picture(wave: NoteWave | None) -> NotePicture | None:
    return picture_of(wave) if wave is not None and wave.samples else None
