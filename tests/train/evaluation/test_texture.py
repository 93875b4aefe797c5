import numpy as np
import pytest

from tests.train.evaluation.tones import RATE, noise, tone
from train.evaluation.texture import (
    envelope_jitter_db,
    measure_texture,
    spectral_flux,
    vibrato_cents,
)

SECONDS = np.arange(4 * RATE) / RATE


@pytest.mark.parametrize("pitch", [40, 60, 84])
@pytest.mark.parametrize("depth", [5, 30])
def test_vibrato_is_as_deep_as_it_was_made(pitch, depth):
    measured = vibrato_cents(tone(pitch, vibrato=depth), RATE, pitch)
    assert 0.7 * depth < measured < 1.05 * depth


@pytest.mark.parametrize("pitch", [28, 60, 84])
def test_steady_note_has_no_vibrato_no_flux_and_no_jitter(pitch):
    texture = measure_texture(tone(pitch, decay=1.0), RATE, pitch)
    assert texture.vibrato_cents < 0.1
    assert texture.flux < 0.15  # the lowest notes' periods beat with the window
    assert texture.jitter_db < 0.03


def test_note_out_of_tune_by_little_has_no_vibrato():
    assert vibrato_cents(tone(60.3), RATE, 60) < 0.1


def test_drift_and_roughness_are_no_vibrato():
    phase = 2 * np.pi * 261.63 * SECONDS
    for hertz in (0.5, 30.0):
        moved = np.sin(phase + 0.2 * np.sin(2 * np.pi * hertz * SECONDS)).astype(np.float32)
        still = np.sin(phase + 0.2 * np.sin(2 * np.pi * 5.5 * SECONDS)).astype(np.float32)
        assert vibrato_cents(moved, RATE, 60) < 0.3 * vibrato_cents(still, RATE, 60)


def test_noise_has_more_flux_than_vibrato_and_that_more_than_a_steady_tone():
    steady, moving, rough = (
        spectral_flux(wave, RATE) for wave in (tone(60), tone(60, vibrato=30), noise())
    )
    assert steady < 0.1 * moving
    assert moving < 0.6 * rough
    assert 0.5 < rough < 1


def test_flux_does_not_depend_on_level_or_decay():
    assert spectral_flux(0.01 * noise(), RATE) == pytest.approx(spectral_flux(noise(), RATE))
    dying = (noise() * np.exp(-SECONDS)).astype(np.float32)
    assert spectral_flux(dying, RATE) == pytest.approx(spectral_flux(noise(), RATE), rel=0.02)


def test_jitter_is_the_roughness_of_the_level_and_not_its_decay():
    smooth = envelope_jitter_db(tone(60, decay=0.0), RATE)
    decaying = envelope_jitter_db(tone(60, decay=3.0), RATE)
    shaken = envelope_jitter_db(tone(60) * (1 + 0.3 * np.sin(2 * np.pi * 12 * SECONDS)), RATE)
    assert smooth < 0.02
    assert decaying < 0.05
    assert shaken > 10 * max(smooth, decaying)


@pytest.mark.parametrize(
    "wave", [np.zeros(4 * RATE, "f4"), np.zeros(100, "f4"), np.full(4 * RATE, np.nan, "f4")]
)
def test_silence_short_notes_and_what_is_no_number_have_no_texture(wave):
    texture = measure_texture(wave, RATE, 60)
    assert (texture.flux, texture.jitter_db, texture.vibrato_cents) == (0, 0, 0)
