"""Which notes have a timbre of their own: by MPE slide, pressure, or motion that began with them.

Each has a layer to itself, and at most `MOST_OWN` have one at a time: every step of one is a note
to be rendered. The others play the pad's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from instrument.engine.layers import N_OWN_LAYERS, OWN_LAYER
from instrument.values.parameters import (
    MOTION_SCOPES,
    PRESSURE_TARGETS,
    SLIDE_TARGETS,
)

from .voicing import Values, softness_for

MOST_OWN = 8  # notes beside MPE's, the newest; a step of all takes 0.2 s of a core
GRID = 32  # steps across the pad in which motion and pressure move a note
BRIGHTEST = 2.0  # standard deviations of the axis, under full pressure at full depth

_SLIDE_X, _SLIDE_Y = SLIDE_TARGETS.index("pad X"), SLIDE_TARGETS.index("pad Y")
_OFF, _PRESS_BRIGHT, _PRESS_X, _PRESS_Y = (
    PRESSURE_TARGETS.index(name) for name in ("off", "bright", "pad X", "pad Y")
)
_PER_NOTE = MOTION_SCOPES.index("note")

Key = tuple[int, int]  # channel and key


class OwnTimbre(msgspec.Struct, frozen=True):
    """What a note of its own sounds like.

    Attributes:
        note: MIDI note that is rendered.
        x: Place on the pad; beyond 0..1 is on the edge.
        y: Likewise.
        softness: As in `Shade`.
        brightness: Added to the axis, in standard deviations.
    """

    note: int
    x: float
    y: float
    softness: float
    brightness: float = 0.0


@dataclass
class _Note:
    note: int
    velocity: int
    serial: int
    is_member: bool
    pressure: float = 0.0
    is_pressed: bool = False  # or has been
    shift: tuple[float, float] = (0.0, 0.0)


class OwnNotes:
    """The notes that are played, what each channel and key does to its own, and their layers.

    Attributes:
        revision: Counts up whenever a timbre of one may have changed.
    """

    def __init__(self, is_member: Callable[[int], bool]) -> None:
        """Begin with none.

        Args:
            is_member: Says whether a channel is a member of an MPE zone: that has its own layer.
        """
        self.revision = 0
        self._is_member = is_member
        self._slides: dict[int, float] = {}  # by channel, -1..1
        self._channel_pressures: dict[int, float] = {}
        self._notes: dict[Key, _Note] = {}  # in the order of their strikes
        self._layers: dict[Key, int] = {}
        self._n_struck = 0

    def slide(self, channel: int, place: float) -> None:
        """A member channel's slide has moved, to -1..1."""
        self._slides[channel] = place
        self.revision += 1

    def press(self, channel: int, key: int | None, pressure: float) -> None:
        """A key's pressure has moved, to 0..1; None: that of all the channel's."""
        if key is None:
            self._channel_pressures[channel] = pressure
        for (of, its_key), note in self._notes.items():
            if of == channel and key in (None, its_key):
                note.pressure, note.is_pressed = pressure, True
                self.revision += 1

    def strike(self, channel: int, key: int, note: int, velocity: int) -> None:
        """A note begins; on a member channel where its slide and pressure already stand."""
        is_member = self._is_member(channel)
        if is_member:
            for former in [place for place in self._notes if place[0] == channel]:
                self._forget(former)
        self._forget((channel, key))
        self._n_struck += 1
        struck = _Note(note, velocity, self._n_struck, is_member)
        struck.pressure = self._channel_pressures.get(channel, 0.0)
        struck.is_pressed = struck.pressure > 0.0
        self._notes[channel, key] = struck
        self.revision += 1

    def release(self, channel: int, key: int) -> None:
        """A key has come up; the note of a member channel keeps its timbre until the next one."""
        note = self._notes.get((channel, key))
        if note is not None and not note.is_member:
            self._forget((channel, key))
            self.revision += 1

    def release_all(self) -> None:
        """Every key has come up."""
        for key in [key for key, note in self._notes.items() if not note.is_member]:
            self._forget(key)
        self.revision += 1

    def reset(self, channel: int | None = None) -> None:
        """Put one channel's wheels back, or forget all channels and their notes."""
        if channel is not None:
            self._slides.pop(channel, None)
            self._channel_pressures.pop(channel, None)
            for (of, _), note in self._notes.items():
                if of == channel:
                    note.pressure = 0.0
        else:
            self._slides.clear()
            self._channel_pressures.clear()
            self._notes.clear()
            self._layers.clear()
        self.revision += 1

    def moving(self) -> Iterator[tuple[Key, int]]:
        """Give the notes that have a motion of their own: the key, and a number of the strike."""
        for key in self._with_own():
            yield key, self._notes[key].serial

    def shift(self, key: Key, right: float, up: float) -> None:
        """Let motion move a note away from the pad's place."""
        there = (_on_grid(right), _on_grid(up))
        note = self._notes.get(key)
        if note is not None and note.shift != there:
            note.shift = there
            self.revision += 1

    def moved(self, values: Values, x: float, y: float) -> dict[int, OwnTimbre]:
        """Give what the notes that have left the pad's timbre sound like, by layer.

        A note that has neither slid nor been pressed has none: it is the pad's own.

        Args:
            values: Of the parameters.
            x: The pad's place, 0..1.
            y: Likewise.
        """
        found = {}
        for key in self._with_own():
            note = self._notes[key]
            way = self._way(values, key, note)
            if way is None:
                self._layers.pop(key, None)
                continue
            layer = self._layer_of(key, note)
            if layer is not None:
                softness = softness_for(note.velocity, values)
                right, up, brightness = way
                found[layer] = OwnTimbre(note.note, x + right, y + up, softness, brightness)
        return found

    def _with_own(self) -> list[Key]:
        """Give the keys whose notes may have their own timbre: MPE's, and the newest others."""
        others = [key for key, note in self._notes.items() if not note.is_member]
        for key in others[:-MOST_OWN]:
            self._layers.pop(key, None)
        members = [key for key, note in self._notes.items() if note.is_member]
        return members + others[-MOST_OWN:]

    def _way(self, values: Values, key: Key, note: _Note) -> tuple[float, float, float] | None:
        """Give how far a note is from the pad's timbre: right, up, brighter; None: it is that."""
        right = up = brighter = 0.0
        is_own = False
        slide_to, press_to = int(values["slide_to"]), int(values["pressure_to"])
        if note.is_member and slide_to in (_SLIDE_X, _SLIDE_Y) and key[0] in self._slides:
            step = self._slides[key[0]] * values["slide_timbre"]
            right, up = (step, 0.0) if slide_to == _SLIDE_X else (0.0, step)
            is_own = True
        if press_to != _OFF and note.is_pressed:
            step = _on_grid(note.pressure * values["pressure_timbre"])
            right += step if press_to == _PRESS_X else 0.0
            up += step if press_to == _PRESS_Y else 0.0
            brighter = BRIGHTEST * step if press_to == _PRESS_BRIGHT else 0.0
            is_own = True
        if int(values["motion_per"]) == _PER_NOTE:
            right, up = right + note.shift[0], up + note.shift[1]
            is_own = True
        return (right, up, brighter) if is_own else None

    def _layer_of(self, key: Key, note: _Note) -> int | None:
        """Give a note's layer: its member channel's, or one that is free; None where none is."""
        if note.is_member:
            return OWN_LAYER + key[0]
        if key not in self._layers:
            taken = set(self._layers.values())
            free = (
                OWN_LAYER + channel
                for channel in range(N_OWN_LAYERS)
                if OWN_LAYER + channel not in taken and not self._is_member(channel)
            )
            layer = next(free, None)
            if layer is None:
                return None
            self._layers[key] = layer
        return self._layers[key]

    def _forget(self, key: Key) -> None:
        self._notes.pop(key, None)
        self._layers.pop(key, None)


def _on_grid(way: float) -> float:
    return round(way * GRID) / GRID
