"""Wheels, pressure, breath and velocity, by what is heard."""

import numpy as np
import pytest

from instrument.engine.voice_sound import strength_of
from instrument.values.events import (
    ChannelPressure,
    ControlChange,
    KeyPressure,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    SetParameter,
)
from instrument.values.parameters import VELOCITY_CURVES
from tests.instrument.playing import (
    brightness_of,
    level_db,
    pitches_of,
    roughness,
    steady_note,
)

EXPRESSION, BREATH, RESET = 11, 2, 121


def control(number, value, channel=0):
    return ControlChange(controller=number, value=value, channel=channel)


def set_to(name, value):
    return SetParameter(name=name, value=value)


def on(note, velocity=127, channel=0):
    return NoteOn(note=note, velocity=velocity, channel=channel)


@pytest.fixture
def keys(player):
    for note in (60, 72):
        player.publish(note, steady_note(note))
    player.publish(81, steady_note(81, n_harmonics=1))
    return player


def heard(player, *events, seconds=0.3):
    player.post(*events)
    return player.take(seconds)[-9600:, 0]


@pytest.mark.parametrize(
    ("value", "decibels"),
    [(127, 0.0), (64, 40 * np.log10(64 / 127)), (32, 40 * np.log10(32 / 127))],
)
def test_expression_sets_the_level_as_general_midi_says(keys, value, decibels):
    full = level_db(heard(keys, on(60)))
    assert level_db(heard(keys, control(EXPRESSION, value))) - full == pytest.approx(
        decibels, abs=0.05
    )


def test_expression_at_the_bottom_is_silence(keys):
    assert not heard(keys, on(60), control(EXPRESSION, 0), seconds=0.6).any()


def test_without_its_depth_expression_does_nothing(keys):
    full = level_db(heard(keys, set_to("expression_level", 0.0), on(60)))
    assert level_db(heard(keys, control(EXPRESSION, 0))) == pytest.approx(full, abs=0.05)


def test_expression_is_of_its_own_channel(keys):
    full = level_db(heard(keys, on(60, channel=1)))
    assert level_db(heard(keys, control(EXPRESSION, 10, 0))) == pytest.approx(full, abs=0.05)


@pytest.mark.parametrize("number", [EXPRESSION, BREATH])
@pytest.mark.parametrize(
    ("values", "limit"),
    [([*range(127, 0, -6), *range(1, 127, 6)], 1.5), ([0, 127, 0, 127], 6.0)],
    ids=["swept", "jumping"],
)
def test_a_lever_makes_no_zipper(keys, number, values, limit):
    keys.publish(45, steady_note(45, n_harmonics=2))
    keys.post(on(45))
    steady = keys.take(0.3)[4800:]
    waves = []
    for value in values:
        keys.post(control(number, value))
        waves.append(keys.take(0.010))
    assert roughness(np.concatenate(waves)) < limit * roughness(steady)


def test_breath_does_nothing_before_its_first_message(keys):
    full = level_db(heard(keys, on(60)))
    assert level_db(heard(keys, control(BREATH, 127))) == pytest.approx(full, abs=0.05)
    assert level_db(heard(keys, control(BREATH, 40))) < full - 15


def test_breath_opens_the_filter(keys):
    keys.post(set_to("cutoff", 2000.0), set_to("breath_level", 0.0))
    full = brightness_of(heard(keys, on(60)))
    assert brightness_of(heard(keys, control(BREATH, 0))) < 0.8 * full


def swing_cents(player, seconds=1.0):
    pitches = pitches_of(player.take(seconds)[:, 0])[4800:-4800]
    return 100 * (pitches.max() - pitches.min()) / 2


def test_channel_pressure_adds_vibrato(keys):
    keys.post(on(81), ChannelPressure(value=127))
    keys.take(0.3)
    assert swing_cents(keys) == pytest.approx(30, abs=2)
    keys.post(ChannelPressure(value=0))
    keys.take(0.3)
    assert swing_cents(keys) < 0.5


def test_key_pressure_moves_its_own_key_only(keys):
    keys.post(on(81), KeyPressure(note=72, value=127))
    keys.take(0.3)
    assert swing_cents(keys) < 0.5
    keys.post(KeyPressure(note=81, value=127, channel=1))
    keys.take(0.3)
    assert swing_cents(keys) < 0.5
    keys.post(KeyPressure(note=81, value=127))
    keys.take(0.3)
    assert swing_cents(keys) == pytest.approx(30, abs=2)


@pytest.mark.parametrize("event", [ChannelPressure(value=127), KeyPressure(note=60, value=127)])
def test_pressure_opens_the_filter(keys, event):
    keys.post(set_to("cutoff", 800.0), set_to("pressure_cutoff", 3.0))
    keys.take(0.2)
    before = brightness_of(heard(keys, on(60)))
    assert brightness_of(heard(keys, event)) > 1.3 * before


def test_pressure_can_carry_the_level(keys):
    full = level_db(heard(keys, on(60)))
    keys.post(set_to("pressure_level", 1.0))
    assert level_db(heard(keys, seconds=0.6)) < full - 60
    half = level_db(heard(keys, ChannelPressure(value=64)))
    assert half - full == pytest.approx(20 * np.log10(64 / 127), abs=0.2)
    assert level_db(heard(keys, ChannelPressure(value=127))) == pytest.approx(full, abs=0.1)


def test_the_next_note_on_a_key_does_not_inherit_its_pressure(keys):
    keys.post(on(81), KeyPressure(note=81, value=127))
    keys.take(0.1)
    keys.post(NoteOff(note=81))
    keys.take(0.5)
    keys.post(on(81))
    keys.take(0.2)
    assert swing_cents(keys) < 0.5


def test_reset_puts_every_wheel_of_its_channel_back(keys):
    full = heard(keys, on(60))
    keys.post(control(EXPRESSION, 0), control(BREATH, 0), PitchBend(value=1.0))
    keys.post(ChannelPressure(value=127), control(64, 127))
    keys.take(0.3)
    after = heard(keys, control(RESET, 0))
    assert level_db(after) == pytest.approx(level_db(full), abs=0.05)
    keys.post(NoteOff(note=60))
    keys.take(0.6)
    assert not keys.take(0.1).any()


def test_panic_puts_every_wheel_back(keys):
    full = level_db(heard(keys, on(60)))
    keys.post(control(EXPRESSION, 0), control(BREATH, 0), PitchBend(value=1.0), Panic())
    keys.take(0.2)
    assert level_db(heard(keys, on(60))) == pytest.approx(full, abs=0.05)


@pytest.mark.parametrize("curve", range(4), ids=VELOCITY_CURVES)
def test_a_velocity_curve_is_what_its_name_says(curve):
    strengths = [strength_of(velocity, curve) for velocity in range(1, 128)]
    straight = [velocity / 127 for velocity in range(1, 128)]
    match VELOCITY_CURVES[curve]:
        case "linear":
            assert strengths == pytest.approx(straight)
        case "soft":
            assert all(one > other for one, other in zip(strengths[:-1], straight, strict=False))
        case "hard":
            assert all(one < other for one, other in zip(strengths[:-1], straight, strict=False))
        case "fixed":
            assert len(set(strengths)) == 1
    if VELOCITY_CURVES[curve] != "fixed":
        assert strengths == sorted(strengths)
        assert strengths[-1] == 1.0


def test_the_velocity_curve_counts_for_the_level(keys):
    levels = {}
    for curve, name in enumerate(VELOCITY_CURVES):
        keys.post(set_to("velocity_curve", curve))
        levels[name] = level_db(heard(keys, on(60, 40)))
        keys.post(Panic())
        keys.take(0.05)
    assert levels["hard"] < levels["linear"] - 3
    assert levels["linear"] < levels["soft"] - 3
