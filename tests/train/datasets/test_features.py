import numpy as np
import pytest

from train.datasets.features import TimbreFeatures, envelope, rank_features, timbre_features

RATE = 16000
SECONDS = np.arange(4 * RATE) / RATE
F0_HZ = 440 * 2 ** ((60 - 69) / 12)


def harmonic(partials: int = 1, decay_db: float = 0.0, rise_seconds: float = 0.0) -> np.ndarray:
    wave = sum(np.sin(2 * np.pi * F0_HZ * n * SECONDS) / n for n in range(1, partials + 1))
    wave = wave * 10 ** (-decay_db * SECONDS / 20)
    if rise_seconds:
        wave = wave * np.minimum(SECONDS / rise_seconds, 1)
    return (0.3 * wave).astype(np.float32)


def features(wave: np.ndarray) -> TimbreFeatures:
    return timbre_features([wave], RATE)[0]


def test_brightness_of_a_sine_is_its_frequency():
    assert features(harmonic()).brightness == pytest.approx(F0_HZ, abs=5)


def test_more_partials_are_brighter():
    assert features(harmonic(12)).brightness > 2 * features(harmonic(2)).brightness


@pytest.mark.parametrize("rise_seconds", [0.05, 0.2, 1.0])
def test_attack_is_the_time_from_a_tenth_to_nine_tenths(rise_seconds):
    attack = features(harmonic(rise_seconds=rise_seconds)).attack
    assert attack == pytest.approx(0.8 * rise_seconds, abs=0.01)


@pytest.mark.parametrize("decay_db", [0.0, 6.0, 20.0])
def test_decay_is_the_slope_in_db_a_second(decay_db):
    assert features(harmonic(decay_db=decay_db)).decay == pytest.approx(-decay_db, abs=0.1)


def test_note_that_is_over_early_decays_faster_than_one_that_lasts():
    short, long = features(harmonic(decay_db=200)), features(harmonic(decay_db=25))
    assert short.decay == pytest.approx(-200, abs=10)
    assert long.decay == pytest.approx(-25, abs=0.5)


def test_noise_beside_the_harmonics_is_heard_at_its_level():
    noise = 0.01 * np.random.default_rng(0).standard_normal(SECONDS.size).astype(np.float32)
    assert features(harmonic(6)).noisiness < -70
    quiet, loud = features(harmonic(6) + noise), features(harmonic(6) + 10 * noise)
    assert loud.noisiness - quiet.noisiness == pytest.approx(20, abs=2.5)
    assert features(noise).noisiness > -4


def test_vibrato_is_not_noise():
    # 25 cents each way, five times a second.
    phase = 2 * np.pi * F0_HZ * SECONDS + 0.75 * np.sin(2 * np.pi * 5 * SECONDS)
    assert features(np.sin(phase).astype(np.float32)).noisiness < -40


def test_envelope_of_a_steady_sine_is_its_root_mean_square():
    level, step_seconds = envelope(harmonic().astype(np.float64), RATE)
    assert step_seconds == pytest.approx(0.002)
    np.testing.assert_allclose(level[20:-20], 0.3 / np.sqrt(2), rtol=0.1)


def test_features_of_silence_are_finite():
    silent = features(np.zeros(4 * RATE, np.float32))
    assert np.isfinite([silent.brightness, silent.attack, silent.decay, silent.noisiness]).all()


def test_ranks_go_from_0_to_1_and_equals_are_equal():
    timbres = [TimbreFeatures(b, 0.0, -b, b * b) for b in (3.0, 1.0, 2.0)]
    ranks = rank_features(timbres)
    assert [r.brightness for r in ranks] == [1, 0, 0.5]
    assert [r.attack for r in ranks] == [0.5, 0.5, 0.5]
    assert [r.decay for r in ranks] == [0, 1, 0.5]


@pytest.mark.parametrize("n", [0, 1])
def test_ranks_of_hardly_any_timbres_are_the_middle(n):
    ranks = rank_features([TimbreFeatures(1.0, 2.0, 3.0, 4.0)] * n)
    assert ranks == [TimbreFeatures(0.5, 0.5, 0.5, 0.5)] * n
