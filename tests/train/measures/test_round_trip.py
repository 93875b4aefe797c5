"""Each measure reads what is known to have been done to a note."""

import numpy as np
import pytest

from train.measures.round_trip import PITCH_REACH_CENTS, ReferenceNote, RoundTrip

RATE = 32000
SECONDS = np.arange(4 * RATE) / RATE


def note(f0_hz: float = 220.0, start_seconds: float = 0.0, detune_cents: float = 0.0) -> np.ndarray:
    """Six decaying partials with an attack of 10 ms: float32 [sample]."""
    t = SECONDS - start_seconds
    f0_hz = f0_hz * 2 ** (detune_cents / 1200)
    wave = sum(np.sin(2 * np.pi * h * f0_hz * t + h) / h for h in range(1, 7))
    wave = wave * np.exp(-t) * np.clip(t / 0.01, 0, 1)
    return (0.8 * wave / np.abs(wave).max()).astype(np.float32)


def measure(before: np.ndarray, after: np.ndarray) -> RoundTrip:
    return ReferenceNote(before, RATE).measure(after.astype(np.float32))


def white(level: float, seed: int = 0) -> np.ndarray:
    return level * np.random.default_rng(seed).standard_normal(SECONDS.size)


def test_a_note_that_came_back_whole_has_lost_nothing():
    lost = measure(note(), note())
    assert (lost.lsd_db, lost.convergence, lost.level_db) == (0, 0, 0)
    assert (lost.cents, lost.onset_ms) == (0, 0)
    assert lost.snr_db > 200


@pytest.mark.parametrize("gain_db", [0.5, -3.0])
def test_a_gain_is_read_as_level_and_as_distance(gain_db):
    lost = measure(note(), note() * 10 ** (gain_db / 20))
    assert lost.level_db == pytest.approx(abs(gain_db), abs=1e-4)
    assert lost.lsd_db == pytest.approx(abs(gain_db), abs=1e-4)
    assert lost.convergence == pytest.approx(abs(10 ** (gain_db / 20) - 1), abs=1e-5)
    assert lost.cents == pytest.approx(0, abs=1e-4)
    assert lost.onset_ms == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("snr_db", [10.0, 40.0])
def test_noise_is_read_as_snr(snr_db):
    wave = note()
    noise = white(1.0)
    noise *= np.linalg.norm(wave) / np.linalg.norm(noise) * 10 ** (-snr_db / 20)
    assert measure(wave, wave + noise).snr_db == pytest.approx(snr_db, abs=0.01)


@pytest.mark.parametrize("f0_hz", [32.7, 220.0, 1046.5])
@pytest.mark.parametrize("cents", [3.0, -0.3])
def test_a_shift_of_pitch_is_read_in_cents(f0_hz, cents):
    lost = measure(note(f0_hz), note(f0_hz, detune_cents=cents))
    assert lost.cents == pytest.approx(abs(cents), rel=0.05)


def test_pitch_out_of_reach_reads_the_reach():
    assert measure(note(220), note(2600)).cents == PITCH_REACH_CENTS


@pytest.mark.parametrize("beat_hz", [3.0, 12.0])
def test_beating_partials_are_not_taken_for_each_other(beat_hz):
    wave = note() + 0.97 * note(220 + beat_hz)
    assert measure(wave, wave + white(1e-4)).cents < 0.1


@pytest.mark.parametrize("moved_ms", [2.0, 0.25, -1.0])
def test_a_moved_attack_is_read_in_milliseconds(moved_ms):
    lost = measure(note(start_seconds=0.1), note(start_seconds=0.1 + moved_ms / 1000))
    assert lost.onset_ms == pytest.approx(abs(moved_ms), abs=0.005)


def test_a_ripple_that_only_just_counts_as_the_onset_does_not_move_it():
    tone = np.sin(2 * np.pi * 440 * SECONDS)
    touching = np.where((SECONDS > 0.02) & (SECONDS < 0.022), 0.1, 0.05)
    wave = 0.8 * tone * np.where(SECONDS < 0.06, touching, 1.0)
    places = [measure(wave, wave * gain).onset_ms for gain in (1.0, 1.0 + 1e-9)]
    attack = np.where(SECONDS < 0.06, 1.003, 1.0), np.where(SECONDS < 0.06, 0.997, 1.0)
    places += [measure(wave, wave * shape).onset_ms for shape in attack]
    assert max(places) < 0.1


@pytest.mark.parametrize("echo_db", [-20.0, -50.0])
def test_sound_before_the_note_is_read_as_pre_echo(echo_db):
    wave = note(start_seconds=0.2)
    attack = wave[int(0.2 * RATE) : int(0.25 * RATE)].astype(float)
    level = np.sqrt(np.mean(attack**2)) * 10 ** (echo_db / 20)
    echo = np.where(SECONDS < 0.195, white(level), 0.0)
    assert measure(wave, wave + echo).pre_echo_db == pytest.approx(echo_db, abs=1.0)


def test_a_note_that_starts_at_once_has_no_pre_echo():
    assert measure(note(), note() + white(0.01)).pre_echo_db is None


def test_what_lies_60_db_under_the_peak_does_not_count():
    wave = note()
    assert measure(wave, wave + white(1e-5)).lsd_db < 0.05
    assert measure(wave, wave + white(1e-2)).lsd_db > 1


def test_high_bins_are_told_apart_and_only_where_there_are_some():
    dark, bright = note(220), note(1800)
    cut = np.fft.irfft(np.fft.rfft(bright) * (np.fft.rfftfreq(bright.size, 1 / RATE) < 8000))
    assert measure(dark, dark).high_lsd_db is None
    assert measure(bright, bright).high_lsd_db == 0
    assert measure(bright, cut).high_lsd_db > 20


def test_a_note_at_16_khz_has_no_high_bins():
    wave = white(0.1).astype(np.float32)
    assert ReferenceNote(wave, 16000).measure(wave).high_lsd_db is None


def test_silence_and_what_is_no_number_are_far_off_but_measured():
    for wave in (np.zeros(SECONDS.size), np.full(SECONDS.size, np.nan)):
        lost = measure(note(), wave)
        assert lost.lsd_db > 50
        assert lost.snr_db == pytest.approx(0)
        assert lost.convergence == pytest.approx(1)
        assert lost.cents == PITCH_REACH_CENTS


@pytest.mark.parametrize("wave", [np.zeros(4 * RATE, np.float32), np.ones(RATE // 2, np.float32)])
def test_a_reference_that_is_silent_or_short_is_refused(wave):
    with pytest.raises(ValueError, match="a second long and not silent"):
        ReferenceNote(wave, RATE)


def test_a_wave_of_another_length_is_refused():
    with pytest.raises(ValueError, match="must have 128000 samples, not 5"):
        ReferenceNote(note(), RATE).measure(np.zeros(5, np.float32))
