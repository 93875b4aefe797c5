import msgspec
import pytest

from instrument.values.events import (
    AllNotesOff,
    AnyEvent,
    ChannelPressure,
    ContinueSong,
    ControlChange,
    FollowTempo,
    KeyPressure,
    LocateSong,
    MidiClock,
    MovePad,
    MovePoint,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    RecordPath,
    SetParameter,
    SetPath,
    SetTuning,
    SetZones,
    StartSong,
    StepPreset,
    StopSong,
    TapTempo,
    TuneKeys,
)
from instrument.values.pad_path import PadPath
from instrument.values.tuning import Tuning
from instrument.values.zones import Zones

EVENTS = [
    NoteOn(note=60, velocity=100, channel=3, time_seconds=1.5),
    NoteOff(note=60),
    ControlChange(controller=64, value=127),
    PitchBend(value=-0.25),
    ChannelPressure(value=90, channel=2),
    KeyPressure(note=60, value=5),
    SetTuning(tuning=Tuning("flat", (59.5, None) * 64)),
    TuneKeys(pitches=((69, 69.5),), is_real_time=False),
    SetZones(zones=Zones(7, 7)),
    ProgramChange(program=7),
    SetParameter(name="cutoff", value=440.0),
    MovePad(x=0.25, y=1.0),
    MovePoint(index=2, x=0.2, y=0.9),
    AllNotesOff(),
    Panic(),
    StepPreset(step=-1),
    SetPath(path=PadPath(((0.0, 0.1, 0.2), (1.0, 0.3, 0.4)))),
    RecordPath(is_on=True, is_even=True),
    TapTempo(time_seconds=2.5),
    FollowTempo(tempo=99.5),
    MidiClock(),
    StartSong(),
    ContinueSong(),
    StopSong(),
    LocateSong(sixteenths=16383),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_crosses_a_pipe_as_it_is(event):
    data = msgspec.msgpack.encode(event)
    assert msgspec.msgpack.decode(data, type=AnyEvent) == event


def test_the_union_has_every_event():
    assert {type(event) for event in EVENTS} == set(AnyEvent.__args__)


def test_an_event_cannot_be_changed_after_it_happened():
    with pytest.raises(AttributeError):
        EVENTS[0].note = 61


def test_an_event_without_a_time_means_now():
    assert NoteOn(note=60, velocity=1).time_seconds == 0
