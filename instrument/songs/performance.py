"""A performance as a standard MIDI file that plays exactly as it was played.

Notes, controllers, wheels and pedals are the messages that every synth plays. What MIDI has no
message for (the preset with its latents, the pad's path, knobs, tunings) is a sequencer-specific
meta event: `MARK`, then an event as JSON. One tick is one frame of the output, so nothing is
rounded.
"""

import io
from collections.abc import Callable, Iterable
from typing import Any, Literal

import mido
import msgspec

from instrument.midi.registered import Registered
from instrument.presets.preset import Preset
from instrument.values.events import (
    AllNotesOff,
    AnyEvent,
    ChannelPressure,
    ControlChange,
    Event,
    KeyPressure,
    MovePad,
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
from instrument.values.midi_source import DATA_ENTRY, REGISTERED, REGISTERED_FINE
from instrument.values.parameters import ALL_NOTES_OFF, ALL_SOUND_OFF

MARK = b"\x7dtimbrepad "  # 7D: the manufacturer's number that is free for all
MOST_TICKS_PER_BEAT = 32767  # 15 bits
MICROSECONDS = 1_000_000
LOWER_MASTER, UPPER_MASTER = 0, 15

Message = Any  # mido has no types


class BeginPerformance(Event, frozen=True):
    """A performance of Timbrepad's begins: with what sound, and how long it is.

    Attributes:
        version: Of this layout.
        preset: Of the first frame, with the latents of its corners and its model's hash.
        sample_rate: Of the output, in Hz; a tick is one frame.
        phase: Frames of the engine's inner block that were over at the first one.
        n_frames: Its length.
        n_struck: Keys that had gone down before: it sets where the voices of a unison begin.
        vibrato_phase: Of the vibrato, in cycles.
        is_placed: Whether the pad's places are those that were heard: what moves the pad by itself
            is in them, and is not to be added once more.
    """

    preset: Preset
    sample_rate: float
    phase: int = 0
    n_frames: int = 0
    n_struck: int = 0
    vibrato_phase: float = 0.0
    is_placed: bool = False
    version: Literal[1] = 1

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.n_frames / self.sample_rate


class UsePreset(Event, frozen=True):
    """The sound becomes a preset's, as it is and not as the player's library has it."""

    preset: Preset


PerformedEvent = AnyEvent | BeginPerformance | UsePreset
_Marked = BeginPerformance | UsePreset | SetParameter | MovePad | SetTuning | TuneKeys
_marked: msgspec.json.Decoder[_Marked] = msgspec.json.Decoder(_Marked)


def marked_event(message: Message, time_seconds: float) -> PerformedEvent | None:
    """Read what a meta event of ours says; None for any other message.

    Raises:
        ValueError: If it is damaged, or of another version.
    """
    if message.type != "sequencer_specific" or bytes(message.data[: len(MARK)]) != MARK:
        return None
    event = _marked.decode(bytes(message.data[len(MARK) :]))
    return msgspec.structs.replace(event, time_seconds=time_seconds)


def performance_file(
    begin: BeginPerformance, events: Iterable[tuple[int, PerformedEvent]]
) -> mido.MidiFile:
    """Make a MIDI file of type 0.

    Args:
        begin: Its first event.
        events: Each with its frame, counted from the first one, in any order; of those at the same
            frame the order is kept.
    """
    ticks_per_beat, tempo = _ticks(begin.sample_rate)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo), _mark(begin)])
    now = 0
    for frame, event in sorted(events, key=lambda placed: placed[0]):
        for message in _messages_of(event):
            at = max(frame, now)
            track.append(message.copy(time=at - now))
            now = at
    track.append(mido.MetaMessage("end_of_track", time=max(begin.n_frames - now, 0)))
    return mido.MidiFile(type=0, ticks_per_beat=ticks_per_beat, tracks=[track])


def performance_bytes(
    begin: BeginPerformance, events: Iterable[tuple[int, PerformedEvent]]
) -> bytes:
    """As `performance_file`, as the bytes of the file."""
    content = io.BytesIO()
    performance_file(begin, events).save(file=content)
    return content.getvalue()


def _ticks(sample_rate: float) -> tuple[int, int]:
    """Give the ticks a beat and the microseconds a beat at which a tick is one frame."""
    tempo = MICROSECONDS // 2
    while sample_rate * tempo / MICROSECONDS > MOST_TICKS_PER_BEAT:
        tempo //= 2
    return round(sample_rate * tempo / MICROSECONDS), tempo


def _messages_of(event: PerformedEvent) -> list[Message]:
    make = _MESSAGES.get(type(event), _mark)
    made = make(event)
    return made if isinstance(made, list) else [made]


def _mark(event: Any) -> Message:
    text = msgspec.json.encode(msgspec.structs.replace(event, time_seconds=0.0))
    return mido.MetaMessage("sequencer_specific", data=tuple(MARK + text))


def _bend(event: PitchBend) -> Message:
    pitch = round(event.value * (8192 if event.value < 0 else 8191))
    return mido.Message("pitchwheel", channel=event.channel, pitch=pitch)


def _zones(event: SetZones) -> list[Message]:
    """Write the MPE configuration message of each zone."""
    sizes = ((LOWER_MASTER, event.zones.lower), (UPPER_MASTER, event.zones.upper))
    parameter = Registered.MPE_CONFIGURATION
    return [
        _controller(number, value, channel)
        for channel, n_members in sizes
        for number, value in zip(
            (REGISTERED, REGISTERED_FINE, DATA_ENTRY),
            (parameter >> 7, parameter & 127, n_members),
            strict=True,
        )
    ]


def _controller(number: int, value: int, channel: int = 0) -> Message:
    return mido.Message("control_change", channel=channel, control=number, value=value)


_MESSAGES: dict[type[Any], Callable[[Any], Message | list[Message]]] = {
    NoteOn: lambda e: mido.Message("note_on", channel=e.channel, note=e.note, velocity=e.velocity),
    NoteOff: lambda e: mido.Message(
        "note_off", channel=e.channel, note=e.note, velocity=e.velocity
    ),
    ControlChange: lambda e: _controller(e.controller, e.value, e.channel),
    PitchBend: _bend,
    ChannelPressure: lambda e: mido.Message("aftertouch", channel=e.channel, value=e.value),
    KeyPressure: lambda e: mido.Message("polytouch", channel=e.channel, note=e.note, value=e.value),
    ProgramChange: lambda e: mido.Message("program_change", channel=e.channel, program=e.program),
    AllNotesOff: lambda _: _controller(ALL_NOTES_OFF, 0),
    Panic: lambda _: _controller(ALL_SOUND_OFF, 0),
    SetZones: _zones,
}
"""Events that MIDI has messages for; the others are marked."""
