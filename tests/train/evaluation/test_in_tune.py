import math

import numpy as np
import pytest

from tests.train.evaluation.tones import RATE, noise, tone
from train.evaluation.in_tune import Tuning, cents_off, fold_cents


@pytest.mark.parametrize(
    ("sounding", "cents"), [(60, 0), (60.07, 7), (60.7, 70), (72, 1200), (36, -2400)]
)
def test_note_off_its_pitch_is_heard_so(sounding, cents):
    assert cents_off(tone(sounding), RATE, 60) == pytest.approx(cents, abs=0.5)


@pytest.mark.parametrize("pitch", [28, 36, 84])
def test_pitch_is_heard_at_both_ends_of_the_keyboard(pitch):
    assert cents_off(tone(pitch), RATE, pitch) == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("wave", [np.zeros(2 * RATE, np.float32), np.full(2 * RATE, np.nan, "f4")])
def test_silence_has_no_pitch(wave):
    assert cents_off(wave, RATE, 60) is None


def test_note_too_short_to_hear_has_no_pitch():
    assert cents_off(tone(60)[: RATE // 10], RATE, 60) is None


def test_noise_is_out_of_tune():
    off = cents_off(noise(), RATE, 60)
    assert off is None or abs(off) > 50


@pytest.mark.parametrize(
    ("cents", "folded"), [(0, 0), (1200, 0), (-2400, 0), (1230, 30), (-1170, 30), (700, -500)]
)
def test_folding_takes_octaves_away(cents, folded):
    assert fold_cents(cents) == pytest.approx(folded)


def test_shares_count_notes_without_a_pitch_as_out_of_tune():
    tuning = Tuning.of([0.0, -50.0, 51.0, 1210.0, None])
    assert tuning == Tuning(in_tune=0.4, folded=0.6, unpitched=pytest.approx(0.2), cents=50.5)


def test_nothing_is_said_of_no_notes_and_no_cents_of_unpitched_ones():
    assert math.isnan(Tuning.of([]).in_tune)
    assert math.isnan(Tuning.of([None]).cents)
    assert Tuning.of([None]).in_tune == 0
