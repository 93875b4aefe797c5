"""Whatever is played with keys, pedals, modes and zones: nothing sticks, clicks or breaks."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool
from instrument.values.events import (
    AllNotesOff,
    ChannelPressure,
    ControlChange,
    KeyPressure,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    SetParameter,
    SetTuning,
    SetZones,
)
from instrument.values.parameters import BY_NAME
from instrument.values.tuning import Tuning
from instrument.values.zones import Zones
from tests.instrument.playing import RATE, roughness, steady_note

CHANNELS = (0, 1, 2, 14, 15)
PEDALS, CONTROLS = (64, 66, 67), (2, 11, 74, 121)
PLAYED = ("key_mode", "portamento", "portamento_time", "unison", "transpose", "octave")
WITH_HOLES = Tuning("holes", tuple(None if key % 3 == 0 else key + 0.4 for key in range(128)))

channels, keys, values = st.sampled_from(CHANNELS), st.integers(55, 66), st.integers(0, 127)
note_ons = st.builds(NoteOn, note=keys, velocity=st.integers(1, 127), channel=channels)
note_offs = st.builds(NoteOff, note=keys, channel=channels)
events = st.one_of(
    note_ons,
    note_ons,
    note_offs,
    note_offs,
    st.builds(ControlChange, controller=st.sampled_from(PEDALS), value=values, channel=channels),
    st.builds(ControlChange, controller=st.sampled_from(CONTROLS), value=values, channel=channels),
    st.builds(PitchBend, value=st.floats(-1, 1), channel=channels),
    st.builds(ChannelPressure, value=values, channel=channels),
    st.builds(KeyPressure, note=keys, value=values, channel=channels),
    st.sampled_from(PLAYED).flatmap(
        lambda name: st.floats(0, 1).map(
            lambda place: SetParameter(name=name, value=BY_NAME[name].from_position(place))
        )
    ),
    st.sampled_from([Zones(), Zones(15), Zones(0, 15), Zones(2, 2), Zones(1)]).map(
        lambda zones: SetZones(zones=zones)
    ),
    st.sampled_from([None, WITH_HOLES]).map(lambda tuning: SetTuning(tuning=tuning)),
    st.sampled_from([AllNotesOff(), Panic()]),
)


CLICK = 0.01  # second difference; a voice that is cut off at its peak makes 0.1


@pytest.fixture(scope="module")
def soft_pool():
    pool = NotePool(4, 2 * RATE)
    for slot, note in enumerate((57, 60, 64), 1):
        pool.write(slot, steady_note(note, 2.0, n_harmonics=1, level=0.3))
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def pool():
    pool = NotePool(4, 2 * RATE)
    pool.write(1, steady_note(60, 2.0))
    pool.write(2, steady_note(63, 0.4))
    yield pool
    pool.close()


def play(pool, score, n_voices):
    """Play; give the engine and the keys that are still down then."""
    engine = Engine(RATE, pool, n_voices=n_voices)
    engine.publish(60, NoteInfo(1, 2 * RATE, 1000, 90000))
    engine.publish(63, NoteInfo(2, round(0.4 * RATE)))
    engine.post(SetParameter(name="release", value=0.1))
    down = set()
    for happening, n_frames in score:
        engine.post(happening)
        if isinstance(happening, NoteOn):
            down.add((happening.note, happening.channel))
        elif isinstance(happening, NoteOff):
            down.discard((happening.note, happening.channel))
        out = np.full((n_frames, 2), np.nan, np.float32)
        engine.process(out)
        assert np.isfinite(out).all()
        assert np.abs(out).max(initial=0.0) <= 1.0
        assert engine.counters().n_voices <= n_voices
    return engine, down


def assert_silent(engine):
    engine.process(np.zeros((RATE, 2), np.float32))
    out = np.full((4800, 2), np.nan, np.float32)
    engine.process(out)
    assert not out.any()
    assert engine.counters().n_voices == 0
    voices = engine._machine.voices
    assert not voices["gated"].any()
    assert not voices["sustained"].any()


scores = st.lists(st.tuples(events, st.sampled_from([0, 1, 64, 500, 3000])), max_size=60)
as_many = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@as_many
@given(scores, st.sampled_from([1, 3, 16]))
def test_when_every_key_and_pedal_is_up_all_is_silent(pool, score, n_voices):
    engine, down = play(pool, score, n_voices)
    for note, channel in down:
        engine.post(NoteOff(note=note, channel=channel))
    for channel in range(16):
        for pedal in PEDALS:
            engine.post(ControlChange(controller=pedal, value=0, channel=channel))
    assert_silent(engine)
    assert not engine._machine.state[0]["held"].any()


@as_many
@given(scores, st.sampled_from([AllNotesOff(), Panic()]))
def test_everything_off_silences_whatever_pedals_and_keys_hold(pool, score, event):
    engine, _ = play(pool, score, 8)
    engine.post(event)
    assert_silent(engine)


@as_many
@given(scores)
def test_the_length_of_the_blocks_changes_nothing(pool, score):
    score = [(event, 64 * (n_frames // 64)) for event, n_frames in score]
    one, _ = play(pool, score, 8)
    other, _ = play(pool, score, 8)
    whole, parts = np.zeros((2000, 2), np.float32), np.zeros((2000, 2), np.float32)
    one.process(whole)
    for first, last in zip((0, 1, 8, 700, 712), (1, 8, 700, 712, 2000), strict=True):
        other.process(parts[first:last])
    np.testing.assert_array_equal(whole, parts)


@as_many
@given(scores)
def test_no_two_samples_make_a_click(soft_pool, score):
    """Sines that begin and end slowly: any jump stands out against what fades and bends make.

    Bends stay within two octaves: four octaves up, a sine itself is as steep as a click.
    """
    engine = Engine(RATE, soft_pool, n_voices=8)
    for slot, note in enumerate((57, 60, 64), 1):
        engine.publish(note, NoteInfo(slot, 2 * RATE))
    values = {"attack": 0.02, "release": 0.1, "velocity_level": 0.0, "mpe_bend_range": 24.0}
    for name, value in values.items():
        engine.post(SetParameter(name=name, value=value))
    engine.process(np.zeros((4800, 2), np.float32))
    blocks = [np.zeros((3, 2), np.float32)]
    for happening, n_frames in score:
        engine.post(happening)
        blocks.append(np.zeros((n_frames, 2), np.float32))
        engine.process(blocks[-1])
    assert roughness(np.concatenate(blocks)) < CLICK
