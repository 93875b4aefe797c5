"""Which MIDI note each key plays: tuning, transposition and octave, and what comes by on the way.

What is rendered is told from it; the engine finds the pitches by itself.
"""

import math
from collections.abc import Mapping

import msgspec

from instrument.values.events import AllNotesOff, AnyEvent, NoteOff, NoteOn, Panic, PitchBend
from instrument.values.tuning import Tuning
from instrument.values.zones import Zones

N_NOTES = 128
GLIDE_STEP = 2  # semitones; the engine reads a note up to 2.5 away before it takes a nearer one

Values = Mapping[str, float]
"""Of the parameters, by name."""


class KeyNotes:
    """Follows the keys that are down.

    Attributes:
        tuning: Of the keys; None is twelve equal steps.
        bends: Where each channel's bend wheel stands, -1..1; a channel that is not there: 0.
    """

    def __init__(self) -> None:
        self.tuning: Tuning | None = None
        self.bends: dict[int, float] = {}
        self._sounding: dict[tuple[int, int], int] = {}  # by channel and key that is down
        self._last = -1
        self._from: int | None = None  # key from whose pitch the next note glides

    def begin_from(self, key: int) -> None:
        """The next note glides from the pitch of a key (controller 84)."""
        self._from = key

    def sounding(self, event: AnyEvent, values: Values) -> AnyEvent | None:
        """Give a key's event with the MIDI note that is rendered for it; any other as it is.

        Tuning, transposition and octave move a key away from its own number. Where a key has
        come up, it is the note of when it went down; None for a key that a tuning leaves silent.
        """
        match event:
            case NoteOn(note=key, channel=channel):
                note = self.note_of(key, values)
                if note is None:
                    return None
                self._sounding[channel, key] = self._last = note
                self._from = None
                return msgspec.structs.replace(event, note=note)
            case NoteOff(note=key, channel=channel):
                note = self._sounding.pop((channel, key), key)
                return msgspec.structs.replace(event, note=note)
            case AllNotesOff() | Panic():
                self._sounding.clear()
                return event
            case _:
                return event

    def passing(self, event: AnyEvent, values: Values, zones: Zones) -> tuple[int, ...]:
        """Give the notes that a voice may go over to on its way: a bend's end, a glide's steps.

        For who renders only what is played; to be asked before `sounding`. The pedal is not
        looked at: what only it holds keeps its note.
        """
        match event:
            case PitchBend(channel=channel):
                semitones = self._bend_semitones(channel, values, zones)
                notes = (
                    note + semitones
                    for (of, _), note in self._sounding.items()
                    if zones.master(of) == channel or of == channel
                )
                return tuple({_nearest(note) for note in notes} if abs(semitones) > 1.0 else ())
            case NoteOn(note=key) if self._from is not None or values["portamento"]:
                note, told = self.note_of(key, values), self._from
                first = self._last if told is None else self.note_of(told, values)
                if note is None or first is None or first < 0:
                    return ()
                way = GLIDE_STEP if note > first else -GLIDE_STEP
                passed = tuple(range(first, note, way))
                return passed if told is not None else passed[1:]
            case _:
                return ()

    def pitch_of(self, key: int, values: Values) -> float | None:
        """Give the pitch of a key in MIDI notes and parts of them; None for a silent one."""
        tuned = self.tuning if values["microtuning"] else None
        pitch = key if tuned is None else tuned.pitches[key]
        if pitch is None:
            return None
        return pitch + values["transpose"] + 12.0 * values["octave"]

    def note_of(self, key: int, values: Values) -> int | None:
        """Give the MIDI note nearest to a key's pitch; None for a silent one."""
        pitch = self.pitch_of(key, values)
        return None if pitch is None else _nearest(pitch)

    def _bend_semitones(self, channel: int, values: Values, zones: Zones) -> float:
        bend, master = self.bends.get(channel, 0.0), zones.master(channel)
        if master == channel:
            return bend * values["bend_range"]
        own = bend * values["mpe_bend_range"]
        return own + self.bends.get(master, 0.0) * values["bend_range"]


def _nearest(pitch: float) -> int:
    """Give the MIDI note nearest to a pitch."""
    return min(max(math.floor(pitch + 0.5), 0), N_NOTES - 1)
