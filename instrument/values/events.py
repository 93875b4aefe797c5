"""What a player does, as frozen values that can cross a thread or a pipe.

Every event is one struct. The MIDI thread, the window and the tests make the same ones.
"""

import msgspec

from .pad_path import PadPath
from .tuning import Tuning
from .zones import Zones


class Event(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The base of all events.

    Attributes:
        time_seconds: When it happened, on the clock of `time.monotonic`; 0 means now.
    """

    time_seconds: float = 0.0


class NoteOn(Event, frozen=True):
    """A key goes down. `note` 0 to 127, `velocity` 1 to 127."""

    note: int
    velocity: int
    channel: int = 0


class NoteOff(Event, frozen=True):
    """A key comes up."""

    note: int
    velocity: int = 64
    channel: int = 0


class ControlChange(Event, frozen=True):
    """A controller moves: `controller` and `value` 0 to 127, as in the MIDI standard."""

    controller: int
    value: int
    channel: int = 0


class PitchBend(Event, frozen=True):
    """The bend wheel moves: `value` -1 to 1, scaled by the parameter `bend_range`."""

    value: float
    channel: int = 0


class ChannelPressure(Event, frozen=True):
    """All keys of a channel are pressed so hard (channel aftertouch): `value` 0 to 127."""

    value: int
    channel: int = 0


class KeyPressure(Event, frozen=True):
    """One key is pressed so hard (polyphonic aftertouch): `value` 0 to 127."""

    note: int
    value: int
    channel: int = 0


class ProgramChange(Event, frozen=True):
    """A preset is asked for by its place in the list: `program` 0 to 127 of a `bank` of 128."""

    program: int
    channel: int = 0
    bank: int = 0


class StepPreset(Event, frozen=True):
    """The preset is asked for that is `step` places further in the list, round its ends."""

    step: int


class SetParameter(Event, frozen=True):
    """A row of `PARAMETERS` gets a value, in the row's own unit."""

    name: str
    value: float


class SetTuning(Event, frozen=True):
    """Every key gets its pitch from a tuning; None is twelve equal steps, A at 440 Hz.

    With `is_real_time` notes that sound already move, too.
    """

    tuning: Tuning | None
    is_real_time: bool = True


class TuneKeys(Event, frozen=True):
    """Some keys get another pitch (the MIDI Tuning Standard).

    Attributes:
        pitches: (key, pitch) each; the pitch in MIDI notes and parts of them.
        is_real_time: Whether notes that sound already move, too.
    """

    pitches: tuple[tuple[int, float], ...]
    is_real_time: bool = True


class SetZones(Event, frozen=True):
    """The MPE zones are laid anew; keys that are down are let go."""

    zones: Zones


class MovePad(Event, frozen=True):
    """The finger is at (x, y), each 0 to 1: x rightward, y upward."""

    x: float
    y: float


class MovePoint(Event, frozen=True):
    """Timbre point number `index` is at (x, y), each 0 to 1: x rightward, y upward."""

    index: int
    x: float
    y: float


class SetPath(Event, frozen=True):
    """The pad's path is another one; None is none."""

    path: PadPath | None


class RecordPath(Event, frozen=True):
    """Recording of a path for the pad begins or ends: where the hand puts the pad meanwhile.

    With `is_even` it will be gone at an even pace (a drawing), else as the hand did.
    """

    is_on: bool
    is_even: bool = False


class TapTempo(Event, frozen=True):
    """A tap of a beat: two and more set the tempo."""


class FollowTempo(Event, frozen=True):
    """A song has this `tempo` from here on, in beats a minute."""

    tempo: float


class MidiClock(Event, frozen=True):
    """A MIDI clock, of which 24 make a beat."""


class StartSong(Event, frozen=True):
    """A sequencer starts at its song's beginning, with its next clock."""


class ContinueSong(Event, frozen=True):
    """A sequencer goes on from where it is."""


class StopSong(Event, frozen=True):
    """A sequencer stops."""


class LocateSong(Event, frozen=True):
    """A sequencer goes to a place (song position), in sixteenths from the beginning."""

    sixteenths: int


class AllNotesOff(Event, frozen=True):
    """Every key is let go; envelopes release as usual."""


class Panic(Event, frozen=True):
    """Everything falls silent at once (a few milliseconds, without a click)."""


AnyEvent = (
    NoteOn
    | NoteOff
    | ControlChange
    | PitchBend
    | ChannelPressure
    | KeyPressure
    | ProgramChange
    | StepPreset
    | SetParameter
    | SetTuning
    | TuneKeys
    | SetZones
    | MovePad
    | MovePoint
    | SetPath
    | RecordPath
    | TapTempo
    | FollowTempo
    | MidiClock
    | StartSong
    | ContinueSong
    | StopSong
    | LocateSong
    | AllNotesOff
    | Panic
)
