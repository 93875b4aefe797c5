import numpy as np
import pytest

from instrument.engine.alignment import SCRATCH, best_lag
from instrument.engine.voice_record import reader_dtype
from tests.instrument.playing import RATE, steady_note
from tests.signals import hz


def find(old, new, note, *, at=20000.0):
    """Look for the lag of `new` behind `old`, both float32 [frame]; give it and the likeness."""
    pool = np.stack([np.zeros_like(old), old, new])
    readers = np.zeros(2, reader_dtype)
    for slot, reader in enumerate(readers, 1):
        reader["slot"], reader["n_frames"] = slot, len(old)
        reader["position"], reader["ratio"], reader["gain"] = at, 1.0, 1.0
    scratch = np.zeros((2, SCRATCH), np.float32)
    return best_lag(readers[0], readers[1], pool, RATE / hz(note), scratch)


@pytest.mark.parametrize("note", [24, 36, 60, 72, 84, 96])
@pytest.mark.parametrize("share", [-0.4, -0.1, 0.0, 0.25, 0.45])
def test_a_shifted_note_is_found_to_a_fraction_of_a_frame(note, share):
    period = RATE / hz(note)
    shift = round(share * period)
    wave = steady_note(note, 1.0, phases=3)
    lag, likeness = find(wave, np.roll(wave, shift), note)
    assert lag == pytest.approx(shift, abs=max(0.003 * period, 0.3))
    assert likeness > 0.98


@pytest.mark.parametrize("note", [24, 60, 84])
def test_the_lag_stays_within_half_a_period(note):
    period = RATE / hz(note)
    for seed in range(5):
        lag, _ = find(steady_note(note, 1.0, phases=1), steady_note(note, 1.0, phases=seed), note)
        assert abs(lag) <= 0.5 * period + period / 48 + 1


def test_what_has_nothing_in_common_is_not_alike():
    noise = np.random.default_rng(0).uniform(-1, 1, 48000).astype(np.float32)
    _, likeness = find(steady_note(60, 1.0), noise, 60)
    assert likeness < 0.5


def test_a_note_is_not_entered_before_its_beginning():
    wave = steady_note(48, 1.0, phases=3)
    lag, _ = find(wave, np.roll(wave, -150), 48, at=20.0)
    assert lag >= -20.0


def test_silence_needs_no_shift():
    lag, likeness = find(np.zeros(48000, np.float32), steady_note(60, 1.0), 60)
    assert abs(lag) < 1.0
    assert likeness == 0.0
