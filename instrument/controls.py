"""What the player has set: keys, wheels, knobs, pad and corners; and what the engine hears of it.

It knows no engine, no cache and no thread: events in, the engine's events out.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

from .cache import Target, make_target
from .events import (
    AllNotesOff,
    AnyEvent,
    ControlChange,
    MovePad,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    SetParameter,
)
from .parameters import (
    BY_CONTROLLER,
    BY_NAME,
    MOD_WHEEL,
    PARAMETERS,
    RESET_CONTROLLERS,
    SUSTAIN_PEDAL,
    defaults,
)
from .preset import N_CORNERS, Preset
from .status import Corner, Timbre

PAD_X_CONTROLLER = 16
PAD_Y_CONTROLLER = 17
N_NOTES = 128


class Controls:
    """The state of everything that a hand can move.

    Not for several threads at once: the instrument has a lock around it.

    Attributes:
        corners: The pad's four corners; empty before a preset or a model is there.
        pad_x: 0..1, rightward.
        pad_y: 0..1, upward.
        bend: The bend wheel, -1..1.
        mod: The mod wheel, 0..1.
        parameters: Every parameter's own value by name; the mod wheel's part is not in it.
        gated: One byte per MIDI note: its velocity while the key is down, else 0.
        last_note: The note played last, or -1.
        revision: Counts up with each change of what a preset holds.
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
        self.revision = 0
        self._preset = Preset()  # what is kept of it: the mappings, the tags, the words

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
            case PitchBend(value=value):
                self.bend = _checked_number("value", value, -1.0, 1.0)
                return (event,)
            case SetParameter():
                return self._set_parameter(event)
            case MovePad(x=x, y=y):
                self.move_pad(x, y)
                return ()
            case AllNotesOff() | Panic():
                self.gated = bytearray(N_NOTES)
                return (event,)
            case _:
                return ()

    def move_pad(self, x: float, y: float) -> None:
        """Put the finger at a place, each 0..1; beyond the edge is on the edge.

        Raises:
            ValueError: If a number is not finite.
        """
        place = (_checked_number("x", x, 0.0, 1.0), _checked_number("y", y, 0.0, 1.0))
        if place != (self.pad_x, self.pad_y):
            self.pad_x, self.pad_y = place
            self.revision += 1

    def set_corner(self, index: int, corner: Corner) -> None:
        """Put a timbre on a corner, 0 to 3.

        Raises:
            ValueError: If there is no such corner.
        """
        self.check_corner(index)
        corners = [*self.corners]
        corners[index] = corner
        self.corners = tuple(corners)
        self.revision += 1

    def set_corners(self, corners: tuple[Corner, ...]) -> None:
        """Put timbres on all four corners."""
        self.corners = corners
        self.revision += 1

    def check_corner(self, index: int) -> None:
        """Raise ValueError if there is no such corner."""
        if not self.corners:
            raise ValueError("the pad has no corners before a model is open")
        _check("corner", index, 0, N_CORNERS - 1)

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
        )

    def load(self, preset: Preset) -> tuple[AnyEvent, ...]:
        """Take over a preset; give the engine's events. Keys and wheels stay as they are."""
        self._preset = preset
        self.corners = preset.corners
        self.pad_x, self.pad_y = preset.pad_x, preset.pad_y
        self.parameters = defaults() | {
            name: BY_NAME[name].clip(value) for name, value in preset.parameters.items()
        }
        self.revision += 1
        return self.all_parameters()

    def all_parameters(self) -> tuple[AnyEvent, ...]:
        """Give the events that tell a new engine every parameter and the bend wheel."""
        parameters = (self._sounding(row.name, 0.0) for row in PARAMETERS)
        return (*parameters, PitchBend(value=self.bend))

    def target(self, model_hash: str, latent_size: int) -> Target | None:
        """Say what every key should sound like; None while the corners' latents are not known."""
        latents = [corner.z for corner in self.corners]
        if len(latents) != N_CORNERS or any(len(z) != latent_size for z in latents):
            return None
        return make_target(model_hash, latents, self.pad_x, self.pad_y)

    def _note_on(self, event: NoteOn) -> tuple[AnyEvent, ...]:
        _check("note", event.note, 0, 127)
        _check("velocity", event.velocity, 1, 127)
        self.gated[event.note] = event.velocity
        self.last_note = event.note
        return (event,)

    def _set_parameter(self, event: SetParameter) -> tuple[AnyEvent, ...]:
        row = BY_NAME.get(event.name)
        if row is None:
            raise ValueError(f'there is no parameter "{event.name}": {", ".join(BY_NAME)}')
        value = _checked_number(row.name, event.value, row.minimum, row.maximum)
        if value != self.parameters[row.name]:
            self.parameters[row.name] = value
            self.revision += 1
        return (self._sounding(row.name, event.time_seconds),)

    def _control_change(self, event: ControlChange) -> tuple[AnyEvent, ...]:
        _check("controller", event.controller, 0, 127)
        _check("value", event.value, 0, 127)
        at, position = event.time_seconds, _position(event.value)
        if event.controller == SUSTAIN_PEDAL:
            return (event,)
        if event.controller == RESET_CONTROLLERS:
            return self._reset(event)
        if event.controller == MOD_WHEEL:
            self.mod = event.value / 127
            name = self._preset.controllers.get(MOD_WHEEL)
            return (self._sounding(name, at),) if name in BY_NAME else ()
        name = self._mapped(event.controller)
        if name is not None:
            value = BY_NAME[name].from_position(position)
            return self._set_parameter(SetParameter(name=name, value=value, time_seconds=at))
        if event.controller == PAD_X_CONTROLLER:
            self.move_pad(event.value / 127, self.pad_y)
        elif event.controller == PAD_Y_CONTROLLER:
            self.move_pad(self.pad_x, event.value / 127)
        return ()

    def _mapped(self, controller: int) -> str | None:
        """Give the parameter that a controller moves: the preset's choice, then the table's."""
        name = self._preset.controllers.get(controller)
        if name is None and controller in BY_CONTROLLER:
            name = BY_CONTROLLER[controller].name
        return name if name in BY_NAME else None

    def _reset(self, event: ControlChange) -> tuple[AnyEvent, ...]:
        """Let go of wheels and pedal; volume, pan and the other knobs stay, as MIDI says."""
        at = event.time_seconds
        self.mod = self.bend = 0.0
        events: list[AnyEvent] = [
            PitchBend(value=0.0, channel=event.channel, time_seconds=at),
            ControlChange(
                controller=SUSTAIN_PEDAL, value=0, channel=event.channel, time_seconds=at
            ),
        ]
        name = self._preset.controllers.get(MOD_WHEEL)
        if name in BY_NAME:
            events.append(self._sounding(name, at))
        return tuple(events)

    def _sounding(self, name: str, at: float) -> SetParameter:
        """Give a parameter as it shall sound: its own value, moved on by the mod wheel."""
        row, value = BY_NAME[name], self.parameters[name]
        if self.mod and self._preset.controllers.get(MOD_WHEEL) == name:
            value = row.from_position(row.to_position(value) + self.mod * self._preset.mod_depth)
        return SetParameter(name=name, value=value, time_seconds=at)


def resolve_corners(
    corners: Sequence[Corner],
    timbres: Sequence[Timbre],
    latent_size: int,
    *,
    is_same_model: bool,
    is_same_space: bool = False,
) -> tuple[Corner, ...]:
    """Give corners whose latents belong to a model.

    A corner keeps its latent where it was made by this model. One of another model, or without a
    latent, becomes this model's timbre of the same name. Where there is none, it keeps its latent
    in the same latent space; in another it becomes one that is unlike the other corners.

    Args:
        corners: Four, or none: then four timbres that are unlike each other.
        timbres: Of the model, at least one.
        latent_size: Of the model.
        is_same_model: Whether the corners' latents were made by this model.
        is_same_space: Whether by this model or one with the same latent space.
    """
    by_name: Mapping[str, Timbre] = {timbre.name.casefold(): timbre for timbre in timbres}
    spare = iter(distinct_timbres(timbres, 2 * N_CORNERS))
    named = {corner.timbre.casefold() for corner in corners}
    resolved = []
    for corner in corners or (Corner(name=""),) * N_CORNERS:
        if is_same_model and len(corner.z) == latent_size:
            resolved.append(corner)
            continue
        timbre = by_name.get(corner.timbre.casefold())
        if timbre is None and is_same_space and len(corner.z) == latent_size:
            resolved.append(corner)
            continue
        if timbre is None:
            candidates = (timbre for timbre in spare if timbre.name.casefold() not in named)
            timbre = next(candidates, timbres[0])
        resolved.append(corner_of(timbre, locked=corner.locked))
    return tuple(resolved)


def drawn_corners(
    corners: Sequence[Corner], latent_size: int, *, is_same_space: bool
) -> tuple[Corner, ...]:
    """Give corners for a model without named timbres: each with a seed to draw its latent with.

    A corner keeps its latent where that lies in the model's space, else its seed; one that has
    neither gets a seed of its own, always the same.

    Args:
        corners: Four, or none.
        latent_size: Of the model.
        is_same_space: Whether the latents were made by this model or one with the same space.
    """
    given = []
    for place, corner in enumerate(corners or (Corner(name=""),) * N_CORNERS):
        if is_same_space and len(corner.z) == latent_size:
            given.append(corner)
            continue
        seed = place + 1 if corner.seed is None else corner.seed
        given.append(Corner(name=f"Seed {seed}", seed=seed, locked=corner.locked))
    return tuple(given)


def corner_of(timbre: Timbre, *, locked: bool = False) -> Corner:
    """Make the corner of a named timbre."""
    return Corner(name=timbre.name, z=timbre.z, timbre=timbre.name, locked=locked)


def distinct_timbres(timbres: Sequence[Timbre], n: int) -> list[Timbre]:
    """Choose up to `n` timbres, each as unlike those before as there is."""
    chosen: list[Timbre] = list(timbres[:1])
    while len(chosen) < min(n, len(timbres)):
        left = [timbre for timbre in timbres if timbre not in chosen]
        if not left:
            break
        chosen.append(max(left, key=lambda timbre: min(_unlike(timbre, c) for c in chosen)))
    return chosen


def _unlike(a: Timbre, b: Timbre) -> float:
    features = ("brightness", "attack", "decay", "noisiness")
    distance = math.dist([getattr(a, f) for f in features], [getattr(b, f) for f in features])
    return distance + 0.5 * (a.family != b.family)


def _position(value: int) -> float:
    """Turn a controller's value, 0 to 127, into 0..1; 64, the middle of MIDI, is exactly 0.5."""
    return value / 128 if value <= 64 else 0.5 + (value - 64) / 126


def _check(what: str, value: int, minimum: int, maximum: int) -> None:
    if not minimum <= value <= maximum:
        raise ValueError(f"{what} must be {minimum}..{maximum}, not {value}")


def _checked_number(what: str, value: float, minimum: float, maximum: float) -> float:
    """Bring a number into its range; what is no number has no place in it."""
    if not math.isfinite(value):
        raise ValueError(f"{what} must be {minimum:g}..{maximum:g}, not {value}")
    return min(max(value, minimum), maximum)
