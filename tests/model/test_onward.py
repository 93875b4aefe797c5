"""Crops of notes, and whole ones, that go on in the phases of what is heard."""

import numpy as np
import pytest
import torch

from model.gansynth import GANSynth
from model.onward import (
    BEFORE_TIMES,
    EDGE_TIMES,
    Junction,
    decode_crop,
    decode_onward,
    junction_at,
)
from model.warped import WarpedConfig, pitch_to_hz, warped_codec

CONFIG = WarpedConfig()
PITCH = torch.tensor([57])
AT = 1.2
RATE = CONFIG.sample_rate


def tone(seed: int, *, n_partials: int = 12, slope: float = 1.0) -> torch.Tensor:
    """Make a note of steady partials whose phases a seed draws: float32 [1, sample]."""
    random = np.random.default_rng(seed)
    time = np.arange(CONFIG.n_samples) / RATE
    wave = np.zeros(CONFIG.n_samples)
    for k in range(1, n_partials + 1):
        phase = random.uniform(0, 2 * np.pi)
        wave += np.sin(2 * np.pi * k * float(pitch_to_hz(PITCH)) * time + phase) / k**slope
    wave *= np.minimum(np.minimum(time, time[::-1]) / 0.02, 1)
    return torch.from_numpy(0.1 * wave.astype(np.float32))[None]


def image(wave: torch.Tensor) -> torch.Tensor:
    return warped_codec(CONFIG).waves_to_specgrams(wave, PITCH)


def around(wave: torch.Tensor, junction: Junction) -> torch.Tensor:
    """Give what is heard around a junction: zeros where there is no note."""
    padded = torch.nn.functional.pad(wave, (CONFIG.lead_in, junction.n_heard))
    first = junction.heard_from + CONFIG.lead_in
    return padded[:, first : first + junction.n_heard]


def crop(specgrams: torch.Tensor, junction: Junction, heard: torch.Tensor) -> torch.Tensor:
    columns = specgrams[:, :, junction.first : junction.first + junction.n_times]
    return decode_crop(CONFIG, columns, PITCH, junction, heard, 2)[0]


def junction(seconds: float) -> Junction:
    found = junction_at(CONFIG, round(seconds * RATE))
    assert found is not None
    return found


def error_db(got: torch.Tensor, expected: torch.Tensor) -> float:
    """Give the error re what is expected, but for a margin at both ends, in dB."""
    inside = slice(CONFIG.hop // 2, -2 * CONFIG.hop)
    error, power = (got - expected)[inside].square().mean(), expected[inside].square().mean()
    return float(10 * torch.log10(error / power))


def alikeness(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a @ b) / (a.norm() * b.norm()))


@pytest.mark.parametrize("seconds", [0.0, 0.1, 1.2, 3.0, 3.9])
def test_a_crop_is_that_part_of_the_whole_note(seconds: float) -> None:
    wave, place = tone(1), junction(seconds)
    got = crop(image(wave), place, around(wave, place))
    assert len(got) == place.stop - place.start
    assert error_db(got, wave[0, place.start : place.stop]) < -25


def test_a_crop_takes_over_the_phases_of_what_is_heard() -> None:
    old, new, place = tone(1), tone(2, slope=0.7), junction(AT)
    got = crop(image(new), place, around(old, place))
    at = place.column * CONFIG.hop - CONFIG.lead_in
    now = slice(at - RATE // 50, at + RATE // 50)
    inside = slice(now.start - place.start, now.stop - place.start)
    assert alikeness(old[0, now], new[0, now]) < 0.6
    assert alikeness(old[0, now], got[inside]) > 0.9
    assert float(got[inside].norm() / new[0, now].norm()) == pytest.approx(1.0, abs=0.03)


def test_the_whole_note_follows_in_the_phases_of_its_crop() -> None:
    old, new, place = tone(1), tone(2, slope=0.7), junction(AT)
    first = crop(image(new), place, around(old, place))
    heard = torch.zeros(1, CONFIG.n_samples)
    heard[0, place.start : place.stop] = first
    later = junction(AT + 0.15)
    whole = decode_onward(CONFIG, image(new), PITCH, later, around(heard, later), 2)[0]
    assert whole.shape == (CONFIG.n_samples,)
    at = later.column * CONFIG.hop - CONFIG.lead_in
    now = slice(at - RATE // 50, at + RATE // 50)
    assert alikeness(whole[now], first[now.start - place.start : now.stop - place.start]) > 0.98


def test_what_was_not_heard_begins_in_order() -> None:
    """Partials that the old note has not are there in the new one, as loud as they should be."""
    old, new, place = tone(1, n_partials=2), tone(2, n_partials=10, slope=0.3), junction(AT)
    got = crop(image(new), place, around(old, place))
    inside = slice(2 * CONFIG.hop, -2 * CONFIG.hop)
    expected = new[0, place.start : place.stop][inside]
    assert float(got[inside].norm() / expected.norm()) == pytest.approx(1.0, abs=0.05)


def test_silence_gives_a_note_phases_of_its_own() -> None:
    wave, place = tone(1), junction(AT)
    got = crop(image(wave), place, torch.zeros(1, place.n_heard))
    inside = slice(2 * CONFIG.hop, -2 * CONFIG.hop)
    expected = wave[0, place.start : place.stop][inside]
    assert float(got[inside].norm() / expected.norm()) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.5, 2.0, 4.0, 9.0])
def test_a_junction_lies_within_its_note(seconds: float) -> None:
    place = junction(seconds)
    assert 0 <= place.first <= CONFIG.n_times - place.n_times
    assert place.first <= place.column < place.first + place.n_times - EDGE_TIMES + 1
    assert 0 <= place.start < place.stop <= CONFIG.n_samples
    if 0.5 <= seconds <= 3.0:
        assert place.column - place.first == BEFORE_TIMES
        assert abs(place.column * CONFIG.hop - CONFIG.lead_in - seconds * RATE) <= CONFIG.hop / 2


def test_notes_that_are_too_short_have_no_junction() -> None:
    assert junction_at(CONFIG.with_times(16), 0) is None


def test_a_model_crops_its_own_notes(small_model: GANSynth) -> None:
    z, pitch = torch.from_numpy(small_model.draw(1))[None], torch.tensor([60])
    whole, crest = small_model.render_with_crest(z, pitch)
    place = small_model.junction_at(round(AT * RATE))
    assert place is not None
    heard = around(whole, place)
    got, decay = small_model.onward(z, pitch, place, heard, float(crest[0]))
    expected = whole[0, place.start : place.stop]
    at = place.column * CONFIG.hop - CONFIG.lead_in - place.start
    now = slice(at - RATE // 50, at + RATE // 50)
    assert alikeness(got[0, now], expected[now]) > 0.7  # its weights, and so its phases, are random
    assert float(got[0].norm() / expected.norm()) == pytest.approx(1.0, abs=0.06)
    assert 0.5 < decay < 2.0
    again, crest_again = small_model.onward_whole(z, pitch, place, heard)
    assert crest_again == pytest.approx(float(crest[0]), rel=1e-3)
    assert float(again.norm() / whole.norm()) == pytest.approx(1.0, abs=0.06)


def test_a_transform_of_three_times_a_power_of_two_has_crops() -> None:
    config = WarpedConfig(n_samples=95000, n_times=128)
    assert config.hop == 768
    place = junction_at(config, 30000)
    assert place is not None
    assert config.with_times(place.n_times).hop == config.hop


def test_a_gpus_generator_makes_the_same_crops(small_model: GANSynth) -> None:
    config, generator, latents = small_model.config, small_model.generator, small_model.latents
    fast = GANSynth(config, generator, latents, precision="fp32")
    z, pitch = torch.from_numpy(small_model.draw(1))[None], torch.tensor([60])
    for seconds in (0.0, AT):
        place = small_model.junction_at(round(seconds * RATE))
        assert place is not None
        heard = around(tone(1), place)
        expected, decay = small_model.onward(z, pitch, place, heard, 0.0)
        got, decay_again = fast.onward(z, pitch, place, heard, 0.0)
        assert error_db(got[0], expected[0]) < -30
        assert decay_again == pytest.approx(decay, rel=1e-3)
