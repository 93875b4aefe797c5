import math

import numpy as np
import pytest
import torch

from model.specgram import (
    SpecgramConfig,
    fit_length,
    ifreq_to_phase,
    melspecgrams_to_specgrams,
    melspecgrams_to_waves,
    phase_to_ifreq,
    specgrams_to_melspecgrams,
    specgrams_to_stfts,
    specgrams_to_waves,
    stfts_to_specgrams,
    stfts_to_waves,
    unwrap,
    waves_to_melspecgrams,
    waves_to_specgrams,
    waves_to_stfts,
)

HIGH = SpecgramConfig()
LOW = SpecgramConfig(n_fft=1024, n_times=256, n_freqs=512)
SMALL = SpecgramConfig(n_samples=400, n_fft=64, n_times=30, n_freqs=32)


def seeded(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


def tone(config: SpecgramConfig, hertz: float) -> torch.Tensor:
    seconds = torch.arange(config.n_samples, dtype=torch.float64) / config.sample_rate
    return (0.5 * torch.sin(2 * math.pi * hertz * seconds)).float()[None]


@pytest.mark.parametrize(("config", "n_padding"), [(HIGH, 3072), (LOW, 2304)])
def test_padding_is_the_original_s(config, n_padding):
    assert config.n_padding == n_padding


@pytest.mark.parametrize("config", [HIGH, LOW, SMALL])
def test_stft_is_that_of_windows_taken_one_by_one(config):
    waves = seeded(2, config.n_samples, dtype=torch.float64)
    padded = np.pad(waves.numpy(), [(0, 0), (config.n_padding, 0)])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(config.n_fft) / config.n_fft)
    stfts = waves_to_stfts(waves, config)
    assert stfts.shape == (2, config.n_times, config.n_freqs)
    for t in (0, 7, config.n_times - 1):
        window = padded[:, t * config.hop :][:, : config.n_fft] * hann
        np.testing.assert_allclose(stfts[:, t], np.fft.rfft(window)[:, 1:], atol=1e-9)


@pytest.mark.parametrize("config", [HIGH, LOW, SMALL])
def test_wave_comes_back_but_for_its_end(config):
    waves = 0.1 * seeded(2, config.n_samples, dtype=torch.float64)
    # A window without its mean has no DC to lose; a long one hardly has any.
    again = stfts_to_waves(waves_to_stfts(waves, config), config)
    assert again.shape == waves.shape
    whole = config.n_samples - (config.n_fft - config.hop)
    lost = (again - waves)[:, :whole].square().mean().sqrt()
    assert lost < 0.1 * math.sqrt(3 / config.n_fft)  # the share of one bin in n_fft, windowed


@pytest.mark.parametrize("config", [HIGH, LOW])
def test_tone_comes_back_through_log_magnitude_and_ifreq(config):
    waves = tone(config, 440.0)
    again = specgrams_to_waves(waves_to_specgrams(waves, config), config)
    whole = config.n_samples - (config.n_fft - config.hop)
    # Where it begins, a window holds a broken period, and with DC its mean is lost.
    assert (again - waves)[:, config.n_fft : whole].square().mean().sqrt() < 1e-5


def test_tone_s_frequency_is_its_instantaneous_frequency():
    hertz = 1000.3
    ifreq = waves_to_specgrams(tone(HIGH, hertz), HIGH)[0, 1]
    turns = hertz * HIGH.hop / HIGH.sample_rate
    expected = 2 * (turns - round(turns))
    loudest = round(hertz * HIGH.n_fft / HIGH.sample_rate) - 1
    np.testing.assert_allclose(ifreq[20:100, loudest], expected, atol=1e-4)


def test_last_samples_fade_out():
    ones = torch.sign(tone(HIGH, 50.0))
    gain = specgrams_to_waves(waves_to_specgrams(ones, HIGH), HIGH)[0] / ones[0]
    assert gain[62975].item() == pytest.approx(0.83, abs=0.06)
    assert gain[63999].item() == pytest.approx(0, abs=1e-3)


def test_first_times_give_the_first_samples():
    specgrams = waves_to_specgrams(0.1 * seeded(1, HIGH.n_samples), HIGH)
    whole = specgrams_to_waves(specgrams, HIGH)
    for n_times in (6, 7, 22, 127):
        first = specgrams_to_waves(specgrams[:, :, :n_times], HIGH)
        assert first.shape[-1] == n_times * HIGH.hop - HIGH.n_padding
        torch.testing.assert_close(first, whole[:, : first.shape[-1]])


@pytest.mark.parametrize(
    ("n_samples", "expected"),
    [
        (2, [1, 2]),
        (3, [1, 2, 3]),
        (4, [0, 1, 2, 3]),
        (5, [0, 1, 2, 3, 0]),
        (8, [0, 0, 0, 1, 2, 3, 0, 0]),
    ],
)
def test_a_wave_of_another_length_is_cut_behind_or_padded_on_both_sides(n_samples, expected):
    fitted = fit_length(torch.tensor([[1.0, 2.0, 3.0]]), n_samples)
    assert fitted.tolist() == [expected]


@pytest.mark.parametrize(
    ("config", "n_padding"),
    [
        (SpecgramConfig(), 3072),
        (SpecgramConfig(n_fft=1024, n_times=256, n_freqs=512), 2304),
    ],
)
def test_all_padding_of_a_specgram_stands_in_front(config, n_padding):
    assert config.n_padding == n_padding
    first, last = torch.zeros(1, 64000), torch.zeros(1, 64000)
    first[0, 0] = last[0, -1] = 1.0
    heard = waves_to_stfts(first, config).abs().amax(-1)[0] > 1e-3
    assert int(heard.nonzero()[0]) * config.hop >= n_padding - config.n_fft
    heard = waves_to_stfts(last, config).abs().amax(-1)[0]
    # The last sample lies on the end of the last window alone, where that is nearly 0.
    assert float(heard[:-1].max()) == 0
    assert 0 < float(heard[-1]) < 1e-4


def test_short_wave_is_silent_at_its_end():
    wave = seeded(1, 100)
    padded = torch.nn.functional.pad(wave, (0, SMALL.n_samples - 100))
    assert torch.equal(waves_to_specgrams(wave, SMALL), waves_to_specgrams(padded, SMALL))


def test_one_wave_alone_gives_what_it_gives_in_a_batch():
    waves = seeded(3, SMALL.n_samples)
    batch = waves_to_melspecgrams(waves, SMALL)
    torch.testing.assert_close(waves_to_melspecgrams(waves[1:2], SMALL), batch[1:2])


def test_specgrams_and_stfts_are_inverse():
    stfts = torch.complex(seeded(1, 5, 8, dtype=torch.float64), torch.ones(1, 5, 8).double())
    again = specgrams_to_stfts(stfts_to_specgrams(stfts))
    torch.testing.assert_close(again, stfts * (1 + 1e-6 / stfts.abs()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_unwrap_is_numpy_s(dtype):
    phase = 6 * seeded(2, 50, 3, dtype=dtype)
    expected = np.unwrap(phase.numpy(), axis=1)
    atol = 1e-12 if dtype == torch.float64 else 1e-4
    np.testing.assert_allclose(unwrap(phase), expected, atol=atol, rtol=0)


@pytest.mark.parametrize("start", [0.0, math.pi / 2, -math.pi])
def test_half_a_turn_forward_stays_forward_and_back_stays_back(start):
    steps = torch.tensor([math.pi, -math.pi, math.pi], dtype=torch.float64)
    phase = torch.cat([torch.tensor([start]).double(), start + steps.cumsum(0)])[:, None]
    np.testing.assert_array_equal(unwrap(phase), np.unwrap(phase, axis=0))


def test_ifreq_is_the_difference_of_the_unwrapped_phase():
    phase = 3 * seeded(2, 40, 3, dtype=torch.float64)
    expected = unwrap(phase).diff(dim=-2, prepend=torch.zeros(2, 1, 3)) / math.pi
    torch.testing.assert_close(phase_to_ifreq(phase), expected)
    assert phase_to_ifreq(phase)[:, 1:].abs().max() <= 1


def test_phase_comes_back_unwrapped():
    phase = 3 * seeded(2, 40, 3, dtype=torch.float64)
    torch.testing.assert_close(ifreq_to_phase(phase_to_ifreq(phase)), unwrap(phase))


def test_short_way_from_mel_to_waves_is_the_long_way():
    melspecgrams = waves_to_melspecgrams(tone(HIGH, 330.0) + 0.01 * seeded(1, 64000), HIGH)
    long = specgrams_to_waves(melspecgrams_to_specgrams(melspecgrams, HIGH), HIGH)
    torch.testing.assert_close(melspecgrams_to_waves(melspecgrams, HIGH), long, atol=1e-5, rtol=0)


def test_tone_survives_the_mel_axis_at_its_pitch():
    waves = tone(HIGH, 440.0)
    again = melspecgrams_to_waves(waves_to_melspecgrams(waves, HIGH), HIGH)
    spectrum = torch.fft.rfft(again[0, 8000:56000] * torch.hann_window(48000)).abs()
    assert spectrum.argmax().item() * 16000 / 48000 == pytest.approx(440.0, abs=0.4)


def test_mel_log_power_of_silence_is_the_floor():
    mel = specgrams_to_melspecgrams(waves_to_specgrams(torch.zeros(1, 64000), HIGH), HIGH)
    np.testing.assert_allclose(mel[0, 0], math.log(1e-6), atol=1e-5)
    assert not mel[0, 1].any()


@pytest.mark.parametrize("there", [waves_to_specgrams, waves_to_melspecgrams])
def test_gradients_reach_the_wave_and_are_finite_in_silence_too(there):
    waves = seeded(2, SMALL.n_samples)
    waves[1, :] = 0
    waves.requires_grad_()
    there(waves, SMALL).square().sum().backward()
    assert waves.grad is not None
    assert torch.isfinite(waves.grad).all()
    assert waves.grad[0].abs().max() > 0


@pytest.mark.parametrize("back", [specgrams_to_waves, melspecgrams_to_waves])
def test_gradient_of_the_way_back_is_right(back):
    config = SpecgramConfig(n_samples=16, n_fft=8, n_times=6, n_freqs=4)
    specgrams = seeded(1, 2, 6, 4, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: back(x, config), specgrams)


def test_wave_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="at most 400 samples, not 401"):
        waves_to_specgrams(torch.zeros(1, 401), SMALL)


def test_too_many_times_are_refused():
    with pytest.raises(ValueError, match="at most 30 times, not 31"):
        specgrams_to_waves(torch.zeros(1, 2, 31, 32), SMALL)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_freqs": 512}, "n_freqs must be 1024, not 512"),
        ({"n_fft": 30, "n_freqs": 15}, "multiple of 4, not 30"),
        ({"n_times": 0}, "above 0"),
        ({"n_times": 100}, "100 times hold 52736 samples, fewer than 64000"),
    ],
)
def test_numbers_that_do_not_fit_together_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        SpecgramConfig(**settings)
