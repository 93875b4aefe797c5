import numpy as np
import pytest

from train.metrics import (
    FLOOR_DB,
    N_MELS,
    Faults,
    cents_off,
    envelope_jitter_db,
    find_faults,
    fold_cents,
    held_part,
    log_mel,
    log_mel_distance,
    spectral_convergence,
)

RATE = 32000
SECONDS = np.arange(2 * RATE) / RATE
FAULTLESS = Faults(silent=False, clipped=False, dc=False)


def tone(pitch: float, partials: int = 8, decay: float = 0.5) -> np.ndarray:
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(
        np.sin(2 * np.pi * hertz * n * SECONDS) / n
        for n in range(1, partials + 1)
        if hertz * n < RATE / 2
    )
    wave = wave * np.exp(-decay * SECONDS)
    return (0.8 * wave / np.abs(wave).max()).astype(np.float32)


def noise(level: float = 0.1) -> np.ndarray:
    return (level * np.random.default_rng(0).standard_normal(SECONDS.size)).astype(np.float32)


# Pitch


@pytest.mark.parametrize(("sounding", "cents"), [(60, 0), (60.7, 70), (72, 1200), (36, -2400)])
def test_note_off_its_pitch_is_heard_so(sounding, cents):
    off = cents_off(held_part(tone(sounding), RATE), 60)
    assert off == pytest.approx(cents, abs=11)  # half of the estimator's step


@pytest.mark.parametrize("pitch", [36, 84])
def test_pitch_is_heard_at_both_ends_of_the_keyboard(pitch):
    assert cents_off(held_part(tone(pitch), RATE), pitch) == pytest.approx(0, abs=12)


@pytest.mark.parametrize("wave", [np.zeros(2 * RATE, np.float32), np.full(2 * RATE, np.nan, "f4")])
def test_silence_has_no_pitch(wave):
    assert cents_off(held_part(wave, RATE), 60) is None


def test_noise_is_out_of_tune():
    off = cents_off(held_part(noise(), RATE), 60)
    assert off is None or abs(off) > 50


@pytest.mark.parametrize(
    ("cents", "folded"), [(0, 0), (1200, 0), (-2400, 0), (1230, 30), (-1170, 30), (700, -500)]
)
def test_folding_takes_octaves_away(cents, folded):
    assert fold_cents(cents) == pytest.approx(folded)


# Faults


def test_tone_has_no_faults():
    assert find_faults(tone(60)) == FAULTLESS


@pytest.mark.parametrize(
    ("wave", "fault"),
    [
        (np.zeros(RATE, np.float32), "silent"),
        (0.005 * tone(60), "silent"),
        (np.eye(1, 4 * RATE, 100, dtype=np.float32)[0], "silent"),
        (np.full(RATE, np.nan, np.float32), "silent"),
        (np.zeros(0, np.float32), "silent"),
        (1.25 * tone(60), "clipped"),
        (-1.25 * tone(60), "clipped"),
        (tone(60) + 0.01, "dc"),
        (tone(60) - 0.01, "dc"),
    ],
)
def test_fault_is_found(wave, fault):
    assert getattr(find_faults(wave.astype(np.float32)), fault)


def test_little_dc_is_no_fault():
    assert not find_faults(tone(60) + 0.0005).dc


def test_short_note_is_not_silent():
    plucked = np.pad(tone(60)[: RATE // 20], (0, 4 * RATE))
    assert find_faults(plucked) == FAULTLESS


# Distances


def test_distance_from_itself_is_zero_and_gain_does_not_count():
    mel = log_mel(tone(60), RATE)
    assert mel.shape == (N_MELS, 126)
    assert mel.max() == pytest.approx(0, abs=1e-4)
    assert log_mel_distance(mel, mel) == 0
    # The note is quieter beside a click that tops both.
    assert log_mel_distance(mel - 7.25, mel) == pytest.approx(0, abs=0.1)


def test_distance_is_the_mean_where_gain_cannot_help():
    mel = np.full((4, 4), -30, np.float32)
    other = mel + np.where(np.arange(4) % 2, 3, -3).astype(np.float32)
    assert log_mel_distance(other, mel) == pytest.approx(3)


def test_what_is_below_the_floor_does_not_count():
    mel = log_mel(tone(60), RATE)
    assert log_mel_distance(np.where(mel < FLOOR_DB, -200, mel), mel) == 0


def test_nearer_notes_have_smaller_distances():
    mel = log_mel(tone(60), RATE)
    same, semitone, other = (
        log_mel_distance(log_mel(wave, RATE), mel)
        for wave in (tone(60, decay=0.6), tone(61), tone(60, partials=60, decay=6))
    )
    assert 0 < same < semitone < other


def test_silence_is_far_from_every_note():
    mel = log_mel(tone(60, partials=40), RATE)
    assert log_mel_distance(log_mel(np.zeros(2 * RATE, np.float32), RATE), mel) > 10


def test_spectral_convergence_is_zero_of_itself_at_any_gain_and_one_of_silence():
    wave = tone(60)
    assert spectral_convergence(0.3 * wave, wave) == pytest.approx(0, abs=1e-5)
    assert spectral_convergence(np.zeros_like(wave), wave) == pytest.approx(1)
    assert 0.1 < spectral_convergence(tone(61), wave) <= 1


def test_jitter_is_the_roughness_of_the_level_and_not_its_decay():
    smooth = envelope_jitter_db(tone(60, decay=0.0), RATE)
    decaying = envelope_jitter_db(tone(60, decay=3.0), RATE)
    shaken = envelope_jitter_db(tone(60) * (1 + 0.3 * np.sin(2 * np.pi * 12 * SECONDS)), RATE)
    assert smooth < 0.02
    assert decaying < 0.05
    assert shaken > 10 * max(smooth, decaying)


def test_jitter_of_silence_and_of_a_note_too_short_is_zero():
    assert envelope_jitter_db(np.zeros(100, np.float32), RATE) == 0
    assert envelope_jitter_db(np.zeros(RATE, np.float32), RATE) == 0
