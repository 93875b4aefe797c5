"""What the player has set: keys, wheels, knobs, pad and corners; and what the engine hears of it.

It knows no engine, no cache and no thread: events in, the engine's events out.
"""

import msgspec

from instrument.midi import bank_select
from instrument.midi.bank_select import BankSelect
from instrument.midi.midi_reader import position_of
from instrument.midi.registered import Registered, RegisteredParameters, Setting
from instrument.notes import voicing
from instrument.notes.own_notes import OwnNotes
from instrument.notes.target import Target
from instrument.notes.voicing import Voicing, further_layers, struck_layers
from instrument.pad import pad_points
from instrument.presets.preset import Preset
from instrument.values.events import (
    AllNotesOff,
    AnyEvent,
    ChannelPressure,
    ControlChange,
    KeyPressure,
    MovePad,
    MovePoint,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    SetParameter,
    SetTuning,
    SetZones,
    TuneKeys,
)
from instrument.values.midi_source import PARAMETER_CONTROLLERS
from instrument.values.pad_path import PadPath
from instrument.values.parameters import (
    BY_NAME,
    KEY_MODES,
    MOD_WHEEL,
    MONO_MODE,
    PAD_X_CONTROLLER,
    PAD_Y_CONTROLLER,
    POLY_MODE,
    PORTAMENTO_FROM,
    RESET_CONTROLLERS,
    SLIDE,
)
from instrument.values.status import Corner
from instrument.values.tuning import Tuning, equal_tuning
from instrument.values.zones import Zones, slide_place

from .key_notes import N_NOTES, KeyNotes
from .knobs import Knobs, checked, checked_number
from .levers import LEVERS, PEDALS, Levers
from .pad_timbre import PadTimbre

_MODES = {MONO_MODE: float(KEY_MODES.index("mono")), POLY_MODE: float(KEY_MODES.index("poly"))}
TUNED_BY_MIDI = "MIDI tuning"


class Controls:
    """The state of everything that a hand can move.

    Not for several threads at once: the instrument has a lock around it.

    Attributes:
        corners: The pad's timbre points; empty before a preset or a model is there.
        pad_x: 0..1, rightward.
        pad_y: 0..1, upward.
        bend: The bend wheel, -1..1.
        gated: One byte per MIDI note: its velocity while the key is down, else 0.
        last_note: The note played last, or -1.
        zones: Of MPE.
        path: The pad's, or None.
        n_phrases: Counts the keys that went down while none was.
        revision: Counts up with each change of what a preset holds.
        own_notes: Those that have a timbre of their own.
    """

    def __init__(self) -> None:
        self.corners: tuple[Corner, ...] = ()
        self.pad_x = 0.5
        self.pad_y = 0.5
        self.bend = 0.0
        self.gated = bytearray(N_NOTES)
        self.last_note = -1
        self.zones = Zones()
        self.path: PadPath | None = None
        self.n_phrases = 0
        self.revision = 0
        self.own_notes = OwnNotes(self._is_member)
        self._shift = (0.0, 0.0)  # what motion adds to the pad's place
        self._n_shifts = 0
        self._usual_tuning: Tuning | None = None
        self._registered = RegisteredParameters()
        self._banks = BankSelect()
        self._knobs = Knobs()
        self._levers = Levers()
        self._keys = KeyNotes()
        self._preset = Preset()  # what is kept of it: the mappings, the tags, the words

    def _is_member(self, channel: int) -> bool:
        return self.zones.is_member(channel)

    @property
    def parameters(self) -> dict[str, float]:
        """Every parameter's own value by name; the mod wheel's part is not in it."""
        return self._knobs.values

    @property
    def mod(self) -> float:
        """The mod wheel, 0..1."""
        return self._knobs.mod

    @property
    def outer_tempo(self) -> float | None:
        """Of a clock or a song, in beats a minute; None: the parameter's counts."""
        return self._knobs.outer_tempo

    @property
    def tuning(self) -> Tuning | None:
        """Of the keys; None is twelve equal steps."""
        return self._keys.tuning

    def play(self, event: AnyEvent) -> tuple[AnyEvent, ...]:
        """Take an event; give the engine's events that come of it.

        Raises:
            ValueError: If a value in it is outside its range or a name unknown.
        """
        match event:
            case NoteOn():
                return self._note_on(event)
            case NoteOff(note=note):
                checked("note", note, 0, 127)
                self.gated[note] = 0
                return (event,)
            case ControlChange():
                return self._control_change(event)
            case PitchBend(value=value, channel=channel):
                self._keys.bends[channel] = value = checked_number("value", value, -1.0, 1.0)
                if not self.zones.is_member(channel):  # one note's bend is not the wheel
                    self.bend = value
                return (event,)
            case ChannelPressure(value=value) | KeyPressure(value=value):
                checked("value", value, 0, 127)
                key = event.note if isinstance(event, KeyPressure) else None
                self.own_notes.press(event.channel, key, value / 127)
                return (event,)
            case SetParameter():
                return self._set_parameter(event)
            case MovePad(x=x, y=y):
                self.move_pad(x, y)
                return ()
            case MovePoint(index=index, x=x, y=y):
                self.check_corner(index)
                self.set_corners(pad_points.moved(self.corners, index, x, y))
                return ()
            case SetTuning() | TuneKeys():
                return self._tune(event)
            case SetZones(zones=zones):
                self.zones = zones
                self.own_notes.reset()
                self.gated = bytearray(N_NOTES)
                return (event,)
            case AllNotesOff():
                self.gated = bytearray(N_NOTES)
                self.own_notes.release_all()
                return (event,)
            case Panic():
                self.gated = bytearray(N_NOTES)
                self.bend = 0.0
                self.own_notes.reset()
                self._keys.bends.clear()
                self._levers.clear()
                return (event,)
            case _:
                return ()

    def with_bank(self, event: ProgramChange) -> ProgramChange:
        """Give a program change with the bank that was chosen on its channel."""
        return self._banks.chosen(event)

    def move_pad(self, x: float, y: float) -> None:
        """Put the finger at a place, each 0..1; beyond the edge is on the edge.

        Raises:
            ValueError: If a number is not finite.
        """
        place = (checked_number("x", x, 0.0, 1.0), checked_number("y", y, 0.0, 1.0))
        if place != (self.pad_x, self.pad_y):
            self.pad_x, self.pad_y = place
            self.revision += 1

    @property
    def heard_place(self) -> tuple[float, float]:
        """Where the pad is heard, (x, y): the hand's place and what motion adds to it."""
        x, y = self.pad_x + self._shift[0], self.pad_y + self._shift[1]
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    @property
    def has_shift(self) -> bool:
        """Whether motion has moved the pad away from the hand's place."""
        return self._shift != (0.0, 0.0)

    @property
    def heard_revision(self) -> int:
        """Counts up with each change of what the keys shall sound like."""
        return self.revision + self._n_shifts

    @property
    def own_revision(self) -> int:
        """Counts up with each change of what a single note shall sound like, where one may."""
        may_differ = any(
            self._knobs.sounding_values()[name]
            for name in ("slide_to", "pressure_to", "motion_per")
        )
        return self.own_notes.revision if may_differ else 0

    def shift_pad(self, right: float, up: float) -> None:
        """Let motion move the pad away from the hand's place; no preset keeps that."""
        if (right, up) != self._shift:
            self._shift = (right, up)
            self._n_shifts += 1

    def set_path(self, path: PadPath | None) -> None:
        """Take a path for the pad; None takes it away.

        Raises:
            ValueError: If it is not possible.
        """
        if path is not None and path.problem():
            raise ValueError(path.problem())
        if path != self.path:
            self.path = path
            self.revision += 1

    def follow_tempo(self, tempo: float | None) -> tuple[AnyEvent, ...]:
        """Take the tempo of a clock or a song, None for none; give what the engine hears of it."""
        if tempo == self._knobs.outer_tempo:
            return ()
        self._knobs.outer_tempo = tempo
        return (self._knobs.heard("tempo", 0.0),)

    def set_corner(self, index: int, corner: Corner) -> None:
        """Put a timbre on a point.

        Raises:
            ValueError: If there is no such point.
        """
        self.check_corner(index)
        corners = [*self.corners]
        corners[index] = corner
        self.corners = tuple(corners)
        self.revision += 1

    def set_corners(self, corners: tuple[Corner, ...]) -> None:
        """Give the pad other points."""
        self.corners = corners
        self.revision += 1

    def check_corner(self, index: int) -> None:
        """Raise ValueError if there is no such point."""
        if not self.corners:
            raise ValueError("the pad has no points before a model is open")
        checked("point", index, 0, len(self.corners) - 1)

    def preset(self, name: str, model_name: str, model_hash: str, latent_space: str = "") -> Preset:
        """Give what is set now as a preset."""
        return msgspec.structs.replace(
            self._preset,
            name=name or "Untitled",
            model_name=model_name,
            model_hash=model_hash,
            latent_space=latent_space,
            corners=self.corners,
            pad_x=self.pad_x,
            pad_y=self.pad_y,
            parameters=dict(self.parameters),
            tuning=self.tuning,
            path=self.path,
        )

    def load(self, preset: Preset) -> tuple[AnyEvent, ...]:
        """Take over a preset; give the engine's events. Keys and wheels stay as they are."""
        self._preset = preset
        self.corners = preset.corners
        self.pad_x, self.pad_y = preset.pad_x, preset.pad_y
        self._knobs.load(preset)
        self._keys.tuning = preset.tuning or self._usual_tuning
        self.path = preset.path
        self.revision += 1
        return self.all_parameters()

    def use_tuning(self, tuning: Tuning | None) -> None:
        """Say which tuning presets have that bring none."""
        self._usual_tuning = tuning

    def all_parameters(self) -> tuple[AnyEvent, ...]:
        """Give the events that tell an engine the whole sound, and where the bend wheel stands."""
        return (*self._knobs.all_heard(), SetTuning(tuning=self.tuning), PitchBend(value=self.bend))

    def for_new_engine(self) -> tuple[AnyEvent, ...]:
        """Give the events that tell an engine all that it can't know."""
        levers = self._levers.events(LEVERS)
        return (SetZones(zones=self.zones), *self.all_parameters(), *levers)

    def standing(self) -> tuple[AnyEvent, ...]:
        """Give the events that say where zones, pedals and wheels are, whatever the sound is."""
        levers = self._levers.events(LEVERS | PEDALS)
        bends = (PitchBend(value=value, channel=of) for of, value in self._keys.bends.items())
        wheel = ControlChange(controller=MOD_WHEEL, value=round(127 * self.mod))
        return (SetZones(zones=self.zones), *levers, *bends, wheel)

    def as_sounding(self, event: AnyEvent) -> AnyEvent | None:
        """Give a key's event with the MIDI note that is rendered for it; any other as it is.

        Tuning, transposition and octave move a key away from its own number. Where a key has
        come up, it is the note of when it went down; None for a key that a tuning leaves silent.
        """
        sounding = self._keys.sounding(event, self.parameters)
        if isinstance(event, NoteOn) and isinstance(sounding, NoteOn):
            self.own_notes.strike(event.channel, event.note, sounding.note, event.velocity)
        elif isinstance(event, NoteOff):
            self.own_notes.release(event.channel, event.note)
        return sounding

    def passing(self, event: AnyEvent) -> tuple[int, ...]:
        """Give the notes that a voice may go over to on its way: a bend's end, a glide's steps.

        For who renders only what is played; to be asked before `as_sounding`. The pedal is not
        looked at: what only it holds keeps its note.
        """
        return self._keys.passing(event, self.parameters, self.zones)

    def pitch_of(self, key: int) -> float | None:
        """Give the pitch of a key in MIDI notes and parts of them; None for a silent one."""
        return self._keys.pitch_of(key, self.parameters)

    def target(self, model_hash: str, latent_size: int) -> Target | None:
        """Say what every key should sound like; None while the points' latents are not known."""
        timbre = self._pad_timbre(model_hash, latent_size)
        return None if timbre is None else timbre.at(*self.heard_place)

    def voicing(self, model_hash: str, latent_size: int) -> Voicing | None:
        """Say what all layers should sound like; None while the points' latents are not known."""
        timbre, place = self._pad_timbre(model_hash, latent_size), self.heard_place
        if timbre is None:
            return None
        return timbre.voicing(*place, self.own_notes.moved(self._knobs.sounding_values(), *place))

    def _pad_timbre(self, model_hash: str, latent_size: int) -> PadTimbre | None:
        if not self.corners or any(len(corner.z) != latent_size for corner in self.corners):
            return None
        return PadTimbre(model_hash, self.corners, self._knobs.sounding_values())

    def voicing_of(self, target: Target) -> Voicing:
        """Say what all layers should sound like around a timbre, without slides."""
        return Voicing(target, further_layers(target, self._knobs.sounding_values()))

    def layers_of(self, event: AnyEvent) -> tuple[int, ...]:
        """Give the layers that the voices of a note that begins may read; of others none."""
        return (
            struck_layers(event.velocity, self._knobs.sounding_values())
            if isinstance(event, NoteOn)
            else ()
        )

    def _note_on(self, event: NoteOn) -> tuple[AnyEvent, ...]:
        checked("note", event.note, 0, 127)
        checked("velocity", event.velocity, 1, 127)
        if not any(self.gated):
            self.n_phrases += 1
        self.gated[event.note] = event.velocity
        self.last_note = event.note
        return (event,)

    def _set_parameter(self, event: SetParameter) -> tuple[AnyEvent, ...]:
        if self._knobs.turn(event.name, event.value):
            self.revision += 1
        return (self._knobs.heard(event.name, event.time_seconds),)

    def _control_change(self, event: ControlChange) -> tuple[AnyEvent, ...]:
        checked("controller", event.controller, 0, 127)
        checked("value", event.value, 0, 127)
        at, controller = event.time_seconds, event.controller
        if controller in PEDALS:
            self._levers.put(event)
            return (event,)
        if controller == RESET_CONTROLLERS:
            return self._reset(event)
        if controller in bank_select.CONTROLLERS:
            self._banks.take(event)
            return ()
        if controller in PARAMETER_CONTROLLERS:
            setting = self._registered.take(event)
            return self._register(setting, at) if setting is not None else ()
        if controller in _MODES:
            mode = SetParameter(name="key_mode", value=_MODES[controller], time_seconds=at)
            return (*self.play(AllNotesOff(time_seconds=at)), *self._set_parameter(mode))
        if controller == PORTAMENTO_FROM:
            self._keys.begin_from(event.value)
            return (event,)
        if controller == SLIDE and self.zones.is_member(event.channel):
            self.own_notes.slide(event.channel, slide_place(event.value))
            return (event,)
        if controller == MOD_WHEEL:
            self._knobs.mod = event.value / 127
            moved = self._knobs.of_mod_wheel
            if moved in voicing.KNOBS:
                self._n_shifts += 1
            return (self._knobs.heard(moved, at),) if moved else ()
        name = self._knobs.of_controller(controller)
        if name is not None:
            value = BY_NAME[name].from_position(position_of(event.value))
            return self._set_parameter(SetParameter(name=name, value=value, time_seconds=at))
        if controller in LEVERS:
            self._levers.put(event)
            return (event,)
        if controller == PAD_X_CONTROLLER:
            self.move_pad(event.value / 127, self.pad_y)
        elif controller == PAD_Y_CONTROLLER:
            self.move_pad(self.pad_x, event.value / 127)
        return ()

    def _register(self, setting: Setting, at: float) -> tuple[AnyEvent, ...]:
        """Do what a registered parameter says; but for the zones, it turns a knob."""
        match setting.parameter:
            case Registered.MPE_CONFIGURATION:
                zones = self.zones.configured(setting.channel, setting.coarse)
                return self.play(SetZones(zones=zones, time_seconds=at))
            case Registered.BEND_RANGE:
                is_member = self.zones.is_member(setting.channel)
                name = "mpe_bend_range" if is_member else "bend_range"
                value = setting.coarse + setting.fine / 100.0
            case Registered.FINE_TUNE:
                name, value = "tune", (setting.value - 8192) / 8192 * 100.0
            case Registered.COARSE_TUNE:
                name, value = "transpose", setting.coarse - 64.0
        return self._set_parameter(SetParameter(name=name, value=value, time_seconds=at))

    def _tune(self, event: SetTuning | TuneKeys) -> tuple[AnyEvent, ...]:
        """Take a tuning, or change that of some keys; the engine hears of all keys."""
        if isinstance(event, SetTuning):
            tuning, is_real_time = event.tuning, event.is_real_time
        else:
            pitches = list(self.tuning.pitches if self.tuning else equal_tuning())
            for key, pitch in event.pitches:
                checked("key", key, 0, 127)
                pitches[key] = pitch
            tuning, is_real_time = Tuning(TUNED_BY_MIDI, tuple(pitches)), event.is_real_time
        if tuning is not None and tuning.problem():
            raise ValueError(tuning.problem())
        if tuning != self.tuning:
            self._keys.tuning = tuning
            self.revision += 1
        return (
            SetTuning(tuning=tuning, is_real_time=is_real_time, time_seconds=event.time_seconds),
        )

    def _reset(self, event: ControlChange) -> tuple[AnyEvent, ...]:
        """Let go of wheels and pedals; volume, pan and the other knobs stay, as MIDI says."""
        self._knobs.mod = self.bend = 0.0
        self.own_notes.reset(event.channel)
        self._keys.bends.pop(event.channel, None)
        self._levers.reset(event.channel)
        name = self._knobs.of_mod_wheel
        return (event, self._knobs.heard(name, event.time_seconds)) if name else (event,)
