"""Controllers of seven and fourteen bits, by real bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.midi.midi_messages import MessageParser, event_of
from instrument.midi.midi_reader import MOST_PAIRS, MidiReader, Pair, position_of
from instrument.values.events import ControlChange, PitchBend
from instrument.values.midi_source import DATA_ENTRY, Source

FOURTEEN = st.integers(0, 16383)


def read(data, reader=None):
    """Give the readings of bytes, one tuple a message."""
    reader = reader or MidiReader()
    events = [event_of(message, 0.0) for message in MessageParser().feed(data)]
    return [reader.read(event) for event in events]


def positions(readings, kind):
    return [r.position for group in readings for r in group if r.source.kind == kind]


def nrpn(number, *data, channel=0):
    """Give the bytes that choose a parameter and enter its data."""
    pairs = [(99, number >> 7), (98, number & 127), *data]
    return [byte for pair in pairs for byte in (0xB0 | channel, *pair)]


@given(st.lists(FOURTEEN, min_size=1))
def test_two_halves_make_a_value_and_on_the_way_it_never_leaves_the_movement(values):
    pair = Pair()
    before = None
    for value in values:
        between = pair.take_coarse(value >> 7)
        if before is not None:
            assert min(before, value) <= between <= max(before, value)
        assert pair.take_fine(value & 127) == value
        before = value


@given(
    st.sampled_from([127, 16383]).flatmap(
        lambda most: st.tuples(st.just(most), st.integers(0, most - 1))
    )
)
def test_positions_rise_from_0_over_the_exact_middle_to_1(most_and_value):
    most, value = most_and_value
    assert position_of(value, most) < position_of(value + 1, most)
    assert position_of(0, most) == 0.0
    assert position_of((most + 1) // 2, most) == 0.5
    assert position_of(most, most) == 1.0


@given(FOURTEEN, st.sampled_from([n for n in range(32) if n != DATA_ENTRY]), st.integers(0, 15))
def test_a_controller_and_its_fine_half_are_one_of_fourteen_bits(value, number, channel):
    status = 0xB0 | channel
    readings = read([status, number, value >> 7, status, number + 32, value & 127])
    last = readings[-1][-1]
    assert last.source == Source("cc14", number, channel)
    assert last.position == position_of(value, 16383)


@given(FOURTEEN, st.integers(0, 16382), st.integers(0, 15))
def test_a_non_registered_parameter_has_fourteen_bits(value, number, channel):
    data = nrpn(number, (6, value >> 7), (38, value & 127), channel=channel)
    last = read(data)[-1][-1]
    assert last.source == Source("nrpn14", number, channel)
    assert last.position == position_of(value, 16383)


def test_a_fine_half_without_a_coarse_one_is_a_controller_of_its_own():
    assert read([0xB0, 52, 64]) == [((Source("cc", 52, 0), 0.5, False),)]


def test_a_registered_parameter_is_no_controller():
    data = [0xB0, 101, 0, 0xB0, 100, 0, 0xB0, 6, 12, 0xB0, 38, 0]
    assert read(data) == [(), (), (), ()]


def test_choosing_no_parameter_ends_the_non_registered_one():
    assert positions(read([*nrpn(5, (6, 127)), *nrpn(16383, (6, 1))]), "nrpn") == [1.0]


def test_increments_are_steps():
    readings = read(nrpn(5, (96, 0), (97, 0)))
    steps = [(r.position, r.is_step) for group in readings[2:] for r in group[:1]]
    assert steps == [(1 / 128, True), (-1 / 128, True)]


@pytest.mark.parametrize(("value", "position"), [(-1.0, 0.0), (0.0, 0.5), (1.0, 1.0)])
def test_a_bend_reads_from_end_to_end(value, position):
    (reading,) = MidiReader().read(PitchBend(value=value, channel=3))
    assert reading == (Source("bend", 0, 3), position, False)


def test_a_flood_of_parameters_does_not_fill_the_memory():
    reader = MidiReader()
    for number in range(2 * MOST_PAIRS + 5):
        readings = read(nrpn(number, (6, 1), (38, 2)), reader)
        assert readings[-1][-1].position == position_of(130, 16383)
    assert len(reader._pairs) <= MOST_PAIRS


def test_channel_modes_are_no_controllers():
    assert MidiReader().read(ControlChange(controller=126, value=0)) == ()
