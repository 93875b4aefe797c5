import numpy as np
import pytest

from instrument.engine.envelope import (
    ATTACK,
    BLOCK,
    DECAY,
    IDLE,
    N_ROWS,
    RELEASE,
    RELEASE_ROW,
    envelope_block,
    envelope_coefficients,
)

RATE = 48000.0


def curves(attack=0.01, decay=0.1, release=0.2):
    out = np.zeros((N_ROWS, BLOCK), np.float32)
    envelope_coefficients(attack, decay, release, RATE, out)
    return out


def run(stage, level, sustain, table, seconds):
    """Run an envelope; give its stage at the end, and its levels."""
    out, level = [], np.float32(level)
    for _ in range(round(seconds * RATE / BLOCK)):
        row = np.zeros(BLOCK, np.float32)
        if stage != IDLE:
            stage = envelope_block(
                stage, level, np.float32(sustain), table, table[RELEASE_ROW], row
            )
            level = row[-1]
        out.append(row)
    return stage, np.concatenate(out)


@pytest.mark.parametrize("attack", [0.001, 0.002, 0.01, 0.3])
def test_the_attack_reaches_full_level_in_its_time(attack):
    _, levels = run(ATTACK, 0.0, 1.0, curves(attack=attack), 2 * attack + 0.01)
    first_full = np.argmax(levels >= 1.0) + 1
    assert first_full == pytest.approx(attack * RATE, abs=1.5)
    assert np.all(np.diff(levels[:first_full]) > 0)


def test_full_level_is_never_passed():
    _, levels = run(ATTACK, 0.0, 0.5, curves(), 0.2)
    assert levels.max() == 1.0


def test_the_decay_ends_at_the_sustain_level_and_stays():
    stage, levels = run(ATTACK, 0.0, 0.3, curves(attack=0.01, decay=0.1), 0.5)
    assert stage == DECAY
    at_end_of_decay = levels[round(0.11 * RATE)]
    assert at_end_of_decay == pytest.approx(0.3, abs=0.001)
    np.testing.assert_allclose(levels[-1000:], 0.3, atol=1e-6)


@pytest.mark.parametrize("level", [1.0, 0.25])
def test_the_release_ends_in_silence_within_its_time(level):
    stage, levels = run(RELEASE, level, 1.0, curves(release=0.2), 0.25)
    assert stage == IDLE
    assert levels[round(0.2 * RATE) + BLOCK] == 0.0
    assert np.all(np.diff(levels) <= 0)
    assert levels.min() == 0.0


def test_the_release_falls_60_db_at_an_even_rate():
    _, levels = run(RELEASE, 1.0, 1.0, curves(release=0.6), 0.3)
    fall_db = 20 * np.log10(levels[round(0.1 * RATE)] / levels[round(0.2 * RATE)])
    assert fall_db == pytest.approx(10.0, abs=0.2)


def test_an_attack_begins_where_the_level_is():
    _, levels = run(ATTACK, 0.5, 1.0, curves(), 0.01)
    assert 0.5 < levels[0] < 0.52


def test_the_steps_between_blocks_are_as_small_as_within():
    _, levels = run(ATTACK, 0.0, 0.4, curves(attack=0.05, decay=0.3), 0.4)
    steps = np.abs(np.diff(levels))
    assert steps.max() <= 1.2 * (1 - curves(attack=0.05)[0, 0]) * 1.01
