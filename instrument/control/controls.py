"""What the player has set: keys, wheels, knobs, pad and corners; and what the engine hears of it.

It knows no engine, no cache and no thread: events in, the engine's events out.
"""

import math

import msgspec

from instrument.midi import bank_select
from instrument.midi.bank_select import BankSelect
from instrument.midi.midi_reader import position_of
from instrument.midi.registered import Registered, RegisteredParameters, Setting
from instrument.notes import voicing
from instrument.notes.own_notes import OwnNotes, OwnTimbre
from instrument.notes.renderer_protocol import Shade
from instrument.notes.target import Target, make_target
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
    AXES,
    BY_CONTROLLER,
    BY_NAME,
    KEY_MODES,
    MOD_WHEEL,
    MONO_MODE,
    PAD_X_CONTROLLER,
    PAD_Y_CONTROLLER,
    PARAMETERS,
    POLY_MODE,
    PORTAMENTO_FROM,
    RESET_CONTROLLERS,
    SLIDE,
    defaults,
)
from instrument.values.status import Corner
from instrument.values.tuning import Tuning, equal_tuning
from instrument.values.zones import Zones, slide_place

from .key_notes import N_NOTES, KeyNotes
from .levers import LEVERS, PEDALS, Levers

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
        mod: The mod wheel, 0..1.
        parameters: Every parameter's own value by name; the mod wheel's part is not in it.
        gated: One byte per MIDI note: its velocity while the key is down, else 0.
        last_note: The note played last, or -1.
        zones: Of MPE.
        path: The pad's, or None.
        outer_tempo: Of a clock or a song, in beats a minute; None: the parameter's counts.
        n_phrases: Counts the keys that went down while none was.
        revision: Counts up with each change of what a preset holds.
        own_notes: Those that have a timbre of their own.
    """

    def __init__(self) -> None:
        self.corners: tuple[Corner, ...] = ()
        self.pad_x = 0.5
        self.pad_y = 0.5
        self.bend = 0.0
        self.mod = 0.0
        self.parameters = defaults()
        self.gated = bytearray(N_NOTES)
        self.last_note = -1
        self.zones = Zones()
        self.path: PadPath | None = None
        self.outer_tempo: float | None = None
        self.n_phrases = 0
        self.revision = 0
        self.own_notes = OwnNotes(self._is_member)
        self._shift = (0.0, 0.0)  # what motion adds to the pad's place
        self._n_shifts = 0
        self._usual_tuning: Tuning | None = None
        self._registered = RegisteredParameters()
        self._banks = BankSelect()
        self._levers = Levers()
        self._keys = KeyNotes()
        self._preset = Preset()  # what is kept of it: the mappings, the tags, the words

    def _is_member(self, channel: int) -> bool:
        return self.zones.is_member(channel)

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
                _check("note", note, 0, 127)
                self.gated[note] = 0
                return (event,)
            case ControlChange():
                return self._control_change(event)
            case PitchBend(value=value, channel=channel):
                self._keys.bends[channel] = value = _checked_number("value", value, -1.0, 1.0)
                if not self.zones.is_member(channel):  # one note's bend is not the wheel
                    self.bend = value
                return (event,)
            case ChannelPressure(value=value) | KeyPressure(value=value):
                _check("value", value, 0, 127)
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
        place = (_checked_number("x", x, 0.0, 1.0), _checked_number("y", y, 0.0, 1.0))
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
        may_differ = any(self._values()[name] for name in ("slide_to", "pressure_to", "motion_per"))
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
        if tempo == self.outer_tempo:
            return ()
        self.outer_tempo = tempo
        return (self._heard("tempo", 0.0),)

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
        _check("point", index, 0, len(self.corners) - 1)

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
        self.parameters = defaults() | {
            name: BY_NAME[name].clip(value) for name, value in preset.parameters.items()
        }
        self._keys.tuning = preset.tuning or self._usual_tuning
        self.path = preset.path
        self.revision += 1
        return self.all_parameters()

    def use_tuning(self, tuning: Tuning | None) -> None:
        """Say which tuning presets have that bring none."""
        self._usual_tuning = tuning

    def all_parameters(self) -> tuple[AnyEvent, ...]:
        """Give the events that tell an engine the whole sound, and where the bend wheel stands."""
        parameters = (self._heard(row.name, 0.0) for row in PARAMETERS)
        return (*parameters, SetTuning(tuning=self.tuning), PitchBend(value=self.bend))

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
        if not self.corners or any(len(corner.z) != latent_size for corner in self.corners):
            return None
        return self._target_at(model_hash, *self.heard_place)

    def _own_target(self, model_hash: str, of: OwnTimbre) -> Target:
        target = self._target_at(model_hash, of.x, of.y, of.brightness)
        return target.shaded(Shade(softness=of.softness))

    def _target_at(self, model_hash: str, x: float, y: float, brighter: float = 0.0) -> Target:
        """Say what lies at a place of the pad; the points' latents must be known."""
        values = self._values()
        if brighter:
            row = BY_NAME["axis_brightness"]
            values = values | {row.name: row.clip(values[row.name] + brighter)}
        return make_target(
            model_hash,
            [corner.z for corner in self.corners],
            x,
            y,
            places=[corner.place for corner in self.corners],
            leaning=tuple((axis, values[name]) for name, axis in AXES.items() if values[name]),
        )

    def voicing(self, model_hash: str, latent_size: int) -> Voicing | None:
        """Say what all layers should sound like; None while the points' latents are not known."""
        target = self.target(model_hash, latent_size)
        if target is None:
            return None
        own = self.own_notes.moved(self._values(), *self.heard_place)
        slid = {layer: (of.note, self._own_target(model_hash, of)) for layer, of in own.items()}
        return msgspec.structs.replace(self.voicing_of(target), slid=slid)

    def voicing_of(self, target: Target) -> Voicing:
        """Say what all layers should sound like around a timbre, without slides."""
        return Voicing(target, further_layers(target, self._values()))

    def layers_of(self, event: AnyEvent) -> tuple[int, ...]:
        """Give the layers that the voices of a note that begins may read; of others none."""
        return struck_layers(event.velocity, self._values()) if isinstance(event, NoteOn) else ()

    def _values(self) -> dict[str, float]:
        """Give the parameters as they sound."""
        name = self._preset.controllers.get(MOD_WHEEL)
        moved = {name: self._heard(name, 0.0).value} if self.mod and name in BY_NAME else {}
        return self.parameters | moved

    def _note_on(self, event: NoteOn) -> tuple[AnyEvent, ...]:
        _check("note", event.note, 0, 127)
        _check("velocity", event.velocity, 1, 127)
        if not any(self.gated):
            self.n_phrases += 1
        self.gated[event.note] = event.velocity
        self.last_note = event.note
        return (event,)

    def _set_parameter(self, event: SetParameter) -> tuple[AnyEvent, ...]:
        row = BY_NAME.get(event.name)
        if row is None:
            raise ValueError(f'there is no parameter "{event.name}": {", ".join(BY_NAME)}')
        value = row.clip(_checked_number(row.name, event.value, row.minimum, row.maximum))
        if value != self.parameters[row.name]:
            self.parameters[row.name] = value
            self.revision += 1
        return (self._heard(row.name, event.time_seconds),)

    def _control_change(self, event: ControlChange) -> tuple[AnyEvent, ...]:
        _check("controller", event.controller, 0, 127)
        _check("value", event.value, 0, 127)
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
            self.mod = event.value / 127
            name = self._preset.controllers.get(MOD_WHEEL)
            if name in voicing.KNOBS:
                self._n_shifts += 1
            return (self._heard(name, at),) if name in BY_NAME else ()
        name = self._mapped(controller)
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
                _check("key", key, 0, 127)
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

    def _mapped(self, controller: int) -> str | None:
        """Give the parameter that a controller moves: the preset's choice, then the table's."""
        name = self._preset.controllers.get(controller)
        if name is None and controller in BY_CONTROLLER:
            name = BY_CONTROLLER[controller].name
        return name if name in BY_NAME else None

    def _reset(self, event: ControlChange) -> tuple[AnyEvent, ...]:
        """Let go of wheels and pedals; volume, pan and the other knobs stay, as MIDI says."""
        self.mod = self.bend = 0.0
        self.own_notes.reset(event.channel)
        self._keys.bends.pop(event.channel, None)
        self._levers.reset(event.channel)
        name = self._preset.controllers.get(MOD_WHEEL)
        return (event, self._heard(name, event.time_seconds)) if name in BY_NAME else (event,)

    def _heard(self, name: str, at: float) -> SetParameter:
        """Give a parameter as it shall sound: its own value, moved on by the mod wheel."""
        row, value = BY_NAME[name], self.parameters[name]
        if name == "tempo" and self.outer_tempo is not None:
            return SetParameter(name=name, value=self.outer_tempo, time_seconds=at)
        if self.mod and self._preset.controllers.get(MOD_WHEEL) == name:
            value = row.from_position(row.to_position(value) + self.mod * self._preset.mod_depth)
        return SetParameter(name=name, value=value, time_seconds=at)


def _check(what: str, value: int, minimum: int, maximum: int) -> None:
    if not minimum <= value <= maximum:
        raise ValueError(f"{what} must be {minimum}..{maximum}, not {value}")


def _checked_number(what: str, value: float, minimum: float, maximum: float) -> float:
    """Bring a number into its range; what is no number has no place in it."""
    if not math.isfinite(value):
        raise ValueError(f"{what} must be {minimum:g}..{maximum:g}, not {value}")
    return min(max(value, minimum), maximum)
