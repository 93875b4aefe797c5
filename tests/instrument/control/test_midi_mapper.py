"""The map at work on any bytes: nothing breaks, and what comes out can always be played."""

import random

import pytest

from instrument.control.controls import Controls
from instrument.control.midi_mapper import MidiMapper
from instrument.midi.midi_messages import MessageParser, event_of
from instrument.values.events import AllNotesOff, ControlChange, NoteOn, Panic, SetZones, StepPreset
from instrument.values.midi_map import TARGETS, Mapping, MidiMap
from instrument.values.midi_source import Source
from instrument.values.parameters import BY_NAME
from instrument.values.zones import Zones

N_BYTES = 30_000
STATUSES = [0xB0, 0xB0, 0xB1, 0xBF, 0xE1, 0x90, 0xC0]
NUMBERS = [0, 1, 6, 16, 20, 32, 38, 52, 64, 74, 88, 96, 97, 98, 99, 100, 101, 121, 127]


def byte_of(source):
    choice = source.random()
    if choice < 0.25:
        return source.choice(STATUSES)
    return source.choice(NUMBERS) if choice < 0.6 else source.randrange(128)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_bytes_leave_a_map_without_conflict_and_events_that_can_be_played(seed):
    source = random.Random(seed)
    controls = Controls()
    lines = []
    mapper = MidiMapper(controls, lines.append)
    parser, now = MessageParser(), 0.0
    n_moved = 0
    for _ in range(N_BYTES):
        now += 0.0003
        if source.random() < 0.002:
            mapper.learn(source.choice(sorted(TARGETS)))
        for message in parser.feed([byte_of(source)]):
            event = event_of(message, now)
            played = mapper.take(event) if event is not None else ()
            for out in (*played, *mapper.settle(now)):
                n_moved += out is not event
                controls.play(out)
        if source.random() < 0.001:
            controls.play(SetZones(zones=Zones(source.randrange(16))))
    assert mapper.midi_map.problem() == ""
    assert len(mapper.midi_map.mappings) > 5
    assert n_moved > 100
    assert all(line.endswith(".") and "\n" not in line for line in lines)
    for name, value in controls.parameters.items():
        assert BY_NAME[name].minimum <= value <= BY_NAME[name].maximum


@pytest.fixture
def mapper():
    return MidiMapper(Controls(), lambda _line: None)


@pytest.mark.parametrize("event", [AllNotesOff(), Panic(), NoteOn(note=60, velocity=1)])
def test_what_is_no_controller_passes(mapper, event):
    mapper.learn("cutoff")
    assert mapper.take(event) == (event,)


def test_a_controller_that_is_not_mapped_passes(mapper):
    event = ControlChange(controller=74, value=5)
    assert mapper.take(event) == (event,)


def test_a_new_map_lets_go_of_the_wheels_that_it_takes_on_their_channels(mapper):
    wheel = Mapping(source=Source("cc", 1, 4), target="cutoff")
    assert mapper.use(MidiMap(mappings=(wheel,))) == (
        ControlChange(controller=121, value=0, channel=4),
    )
    assert mapper.use(MidiMap(name="same", mappings=(wheel,))) == ()
    soft = Mapping(source=Source("cc", 67), target="pan")
    assert len(mapper.use(MidiMap(mappings=(soft,)))) == 16


def test_a_change_of_one_mapping_leaves_the_others_in_the_hand(mapper):
    pan = Mapping(source=Source("cc", 20, 0), target="pan")
    mapper.use(MidiMap(mappings=(pan,)))
    for value in (0, 127):
        (moved,) = mapper.take(ControlChange(controller=20, value=value)) or (None,)
    mapper._controls.play(moved)
    mapper.use(mapper.midi_map.with_mapping(Mapping(source=Source("cc", 21), target="cutoff")))
    assert mapper.take(ControlChange(controller=20, value=30))


def test_an_increment_is_a_press_of_a_button_and_a_decrement_is_none(mapper):
    button = Mapping(source=Source("nrpn", 5, 0), target="next_preset")
    mapper.use(MidiMap(mappings=(button,)))
    played = [
        event
        for number, value in ((99, 0), (98, 5), (96, 0), (97, 0))
        for event in mapper.take(ControlChange(controller=number, value=value))
    ]
    assert played.count(StepPreset(step=1)) == 1
