"""The warped transform: exact on notes, honest about its floor."""

import math

import pytest
import torch

from model.warped import WarpedConfig, warped_centres, warped_codec, warped_frequencies

CONFIG = WarpedConfig()


def harmonic_note(pitch: int, config: WarpedConfig = CONFIG) -> torch.Tensor:
    """A decaying harmonic note with a sharp attack and a faded end: float32 [1, sample]."""
    seconds = torch.arange(config.n_samples) / config.sample_rate
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    wave = torch.zeros(config.n_samples)
    for h in range(1, 21):
        if h * f0 < 0.49 * config.sample_rate:
            decay = torch.exp(-seconds * (0.8 + 0.15 * h))
            wave += decay * torch.sin(2 * math.pi * h * f0 * seconds + 0.7 * h * h) / h
    ends = torch.minimum(seconds / 0.005, (seconds[-1] - seconds) / 0.02).clamp(0, 1)
    wave = wave * ends
    return (0.8 * wave / wave.abs().max())[None]


def snr_db(reference: torch.Tensor, got: torch.Tensor) -> float:
    return float(10 * torch.log10(reference.square().sum() / (reference - got).square().sum()))


@pytest.mark.parametrize("pitch", [24, 41, 60, 84])
@pytest.mark.parametrize(("bend_hz", "least_db"), [(700.0, 60), (0.0, 45)])
def test_a_note_survives_the_round_trip(pitch: int, bend_hz: float, least_db: float) -> None:
    codec = warped_codec(WarpedConfig(bend_hz=bend_hz))
    wave, label = harmonic_note(pitch), torch.tensor([pitch])
    back = codec.specgrams_to_waves(codec.waves_to_specgrams(wave, label), label)
    assert snr_db(wave, back) > least_db


def test_refinement_does_no_harm_to_an_exact_specgram() -> None:
    codec = warped_codec(CONFIG)
    wave, label = harmonic_note(60), torch.tensor([60])
    back = codec.specgrams_to_waves(codec.waves_to_specgrams(wave, label), label, n_iterations=4)
    assert snr_db(wave, back) > 50


def test_refinement_repairs_bands_that_drifted_apart() -> None:
    codec = warped_codec(CONFIG)
    wave, label = harmonic_note(60), torch.tensor([60])
    specgrams = codec.waves_to_specgrams(wave, label)
    generator = torch.Generator().manual_seed(0)
    specgrams[:, 1] += 0.02 * torch.randn(1, 1, CONFIG.n_freqs, generator=generator)
    plain = codec.specgrams_to_waves(specgrams, label)
    refined = codec.specgrams_to_waves(specgrams, label, n_iterations=4)
    rms = wave.square().mean().sqrt()
    lost_db = [20 * torch.log10(w.square().mean().sqrt() / rms) for w in (plain, refined)]
    assert lost_db[0] < -2
    assert abs(float(lost_db[1])) < 0.5


def test_the_frame_is_tight_for_any_wave() -> None:
    codec = warped_codec(CONFIG)
    noise = torch.randn(1, CONFIG.n_total, generator=torch.Generator().manual_seed(1))
    assert snr_db(noise, codec.synthesise(codec.analyse(noise))) > 100


def test_a_batch_is_its_notes() -> None:
    codec = warped_codec(CONFIG)
    waves, labels = torch.cat([harmonic_note(40), harmonic_note(70)]), torch.tensor([40, 70])
    together = codec.waves_to_specgrams(waves, labels)
    alone = codec.waves_to_specgrams(waves[1:], labels[1:])
    torch.testing.assert_close(together[1:, 0], alone[:, 0], atol=1e-4, rtol=0)


def test_a_steady_partial_has_still_phase_in_all_its_bands() -> None:
    codec = warped_codec(CONFIG)
    specgrams = codec.waves_to_specgrams(harmonic_note(57), torch.tensor([57]))
    magnitude, ifreq = specgrams[0, :, 20:90]
    loud = magnitude > magnitude.max() - 20 / 56.25
    assert ifreq[loud].abs().max() < 0.01


def test_a_full_scale_sinusoid_reads_0_db() -> None:
    codec = warped_codec(CONFIG)
    freq = float(warped_frequencies(CONFIG)[500])
    seconds = torch.arange(CONFIG.n_samples) / CONFIG.sample_rate
    wave = torch.sin(2 * math.pi * freq * seconds)[None]
    specgrams = codec.waves_to_specgrams(wave, torch.tensor([60]))
    assert float(specgrams[0, 0, 60, 500]) == pytest.approx(0.8, abs=0.01)


def test_silence_is_the_floor_and_stays_silent() -> None:
    codec = warped_codec(CONFIG)
    silence, label = torch.zeros(1, CONFIG.n_samples), torch.tensor([60])
    specgrams = codec.waves_to_specgrams(silence, label)
    assert torch.all(specgrams[:, 0] == -0.8)
    assert torch.all(codec.specgrams_to_waves(specgrams, label) == 0)


def test_the_first_columns_alone_make_the_beginning_of_the_note() -> None:
    codec = warped_codec(CONFIG)
    wave, label = harmonic_note(60), torch.tensor([60])
    specgrams = codec.waves_to_specgrams(wave, label)
    start = codec.specgrams_to_waves(specgrams[:, :, :24], label)
    n = 16 * CONFIG.hop
    assert snr_db(wave[:, :n], start[:, :n]) > 25
    assert start[:, 24 * CONFIG.hop :].abs().max() < 0.01


def test_bands_rise_to_the_nyquist_frequency_without_a_gap() -> None:
    centres = warped_centres(CONFIG)
    steps = torch.diff(centres)
    assert int(steps.min()) > 0
    assert int(steps.max()) < CONFIG.n_times
    assert int(centres[-1]) == CONFIG.n_total // 2


def test_another_sample_rate_works_alike() -> None:
    config = WarpedConfig(sample_rate=48000, n_samples=190000, n_freqs=1600)
    codec = warped_codec(config)
    wave, label = harmonic_note(60, config), torch.tensor([60])
    back = codec.specgrams_to_waves(codec.waves_to_specgrams(wave, label), label)
    assert snr_db(wave, back) > 50


def test_a_wave_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="must be 128000 samples, not 5"):
        warped_codec(CONFIG).waves_to_specgrams(torch.zeros(1, 5), torch.tensor([60]))


def test_bands_too_few_to_cover_the_spectrum_are_refused() -> None:
    with pytest.raises(ValueError, match="without a gap"):
        WarpedConfig(n_freqs=256)


@pytest.mark.parametrize("pitch", [24, 48, 60, 84])
@pytest.mark.parametrize("n_iterations", [0, 2])
def test_a_beginning_on_the_shorter_circle_is_that_of_the_whole(
    pitch: int, n_iterations: int
) -> None:
    codec, label = warped_codec(CONFIG), torch.tensor([pitch])
    specgrams = codec.waves_to_specgrams(harmonic_note(pitch), label)
    whole = codec.specgrams_to_waves(specgrams, label, n_iterations)
    beginning = codec.specgrams_to_beginnings(specgrams[:, :, :24], label, n_iterations)
    assert beginning.shape[1] == CONFIG.beginning_samples(24) > 0.6 * CONFIG.sample_rate
    assert snr_db(whole[:, : beginning.shape[1]], beginning) > 25


def test_a_long_beginning_is_cut_from_the_whole() -> None:
    codec, label = warped_codec(CONFIG), torch.tensor([60])
    specgrams = codec.waves_to_specgrams(harmonic_note(60), label)
    beginning = codec.specgrams_to_beginnings(specgrams[:, :, :100], label)
    whole = codec.specgrams_to_waves(specgrams, label)
    assert snr_db(whole[:, : beginning.shape[1]], beginning) > 60
