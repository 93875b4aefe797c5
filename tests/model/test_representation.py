"""Every representation by its name: there and back, batched, differentiable."""

import math

import numpy as np
import pytest
import torch

from model.representation import (
    REPRESENTATIONS,
    Representation,
    WarpedRepresentation,
    representation_named,
)
from model.specgram import SpecgramConfig, waves_to_stfts
from model.warped import WarpedConfig, warped_centres, warped_codec

PUBLISHED = ("mel", "linear", "phase")
EXACT = ("M20hn", "F", "linear", "phase")
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]

SMALL = WarpedConfig(
    sample_rate=4000, n_samples=3900, lead_in=96, n_times=32, n_freqs=128, step_hz=25, bend_hz=300
)
"""A second in 32 times 128, for tests that need many round trips."""


def note(pitch: int, sample_rate: int, n_samples: int) -> torch.Tensor:
    """A decaying harmonic note with a sharp attack and a faded end: float32 [1, sample]."""
    seconds = torch.arange(n_samples) / sample_rate
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    wave = torch.zeros(n_samples)
    for h in range(1, 21):
        if h * f0 < 0.49 * sample_rate:
            decay = torch.exp(-seconds * (0.8 + 0.15 * h))
            wave += decay * torch.sin(2 * math.pi * h * f0 * seconds + 0.7 * h * h) / h
    wave *= torch.minimum(seconds / 0.005, (seconds[-1] - seconds) / 0.12).clamp(0, 1)
    return (0.8 * wave / wave.abs().max())[None]


def note_for(representation: Representation, pitch: int) -> torch.Tensor:
    return note(pitch, representation.sample_rate, representation.n_samples)


def snr_db(reference: torch.Tensor, got: torch.Tensor) -> float:
    return float(10 * torch.log10(reference.square().sum() / (reference - got).square().sum()))


def log_distance_db(reference: torch.Tensor, got: torch.Tensor) -> float:
    """Log-spectral distance within 60 dB of the peak; float32 [1, sample] both."""
    window = torch.hann_window(2048)
    spectra = [
        torch.stft(x[0], 2048, 512, window=window, return_complex=True).abs()
        for x in (reference, got)
    ]
    peak = spectra[0].max()
    before, after = (20 * torch.log10((s / peak).clamp_min(1e-7)) for s in spectra)
    counts = before > -60
    n = counts.sum(0)
    squares = torch.where(counts, (after - before).square(), 0.0).sum(0)
    return float((squares[n > 0] / n[n > 0]).sqrt().mean())


# By name


def test_names_are_those_of_the_representations() -> None:
    assert all(REPRESENTATIONS[name].name == name for name in REPRESENTATIONS)
    assert {*EXACT, "mel"} <= set(REPRESENTATIONS)


def test_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"must be one of M20hn, F, .*, not M99"):
        representation_named("M99")


@pytest.mark.parametrize("name", ["M20hn", "F"])
def test_warped_images_have_the_size_of_the_originals(name: str) -> None:
    here, there = representation_named(name), representation_named("mel")
    assert here.size == there.size == (128, 1024)
    assert (here.sample_rate, here.n_samples) == (32000, 128000)
    assert (there.sample_rate, there.n_samples) == (16000, 64000)


# The axis


def test_uniform_axis_has_every_64th_bin() -> None:
    representation = representation_named("F")
    assert isinstance(representation, WarpedRepresentation)
    assert torch.equal(warped_centres(representation.config), 64 * torch.arange(1, 1025))


def test_mel_like_axis_is_the_formula_solved_by_newton() -> None:
    s, q, nyquist, n = 20.0, 700.0, 16000.0, 1024
    corner = 4000.0  # Newton's method, where the code bisects
    for _ in range(30):
        off = (nyquist - corner) / s + (corner + q) / s * math.log((corner + q) / q) - n
        corner -= off / (math.log((corner + q) / q) / s)
    turn = (corner + q) / s * math.log((corner + q) / q)
    j = np.arange(1, n + 1)
    hz = np.where(j < turn, q * np.expm1(j * s / (corner + q)), corner + (j - turn) * s)
    centres = warped_centres(WarpedConfig()).numpy()
    assert corner == pytest.approx(3750, abs=15)
    assert np.array_equal(centres, np.round(hz * 131072 / 32000).astype(np.int64))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"n_freqs": 512}, "512 bands, each 31.25 Hz wide, cannot cover 16000 Hz without a gap"),
        ({"n_freqs": 700}, "where step_hz is 22.8571 to less than 31.25, not 20"),
        ({"step_hz": 31.25}, "where step_hz is 15.625 to less than 31.25, not 31.25"),
        ({"step_hz": 15.0}, "where step_hz is 15.625 to less than 31.25, not 15"),
        ({"sample_rate": 48000, "n_samples": 192000}, "cover 24000 Hz without a gap where"),
        ({"n_freqs": 4096, "step_hz": 30.0}, "4096 bands reach beyond 16000 Hz"),
        ({"n_times": 100}, "n_times must divide 131072, not be 100"),
        ({"n_times": 0}, "must be above 0"),
        ({"lead_in": -1}, "lead_in and bend_hz must be 0 or more"),
        ({"floor_db": 0.0}, "floor_db less than 0"),
        ({"bend_hz": math.nan}, "must be finite"),
    ],
)
def test_settings_that_cannot_hold_a_note_are_refused(
    settings: dict[str, float], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        WarpedConfig(**settings)  # type: ignore[arg-type]


# Exactness


@pytest.mark.parametrize("pitch", [24, 60, 84])
@pytest.mark.parametrize("name", EXACT)
def test_a_note_comes_back_whole(name: str, pitch: int) -> None:
    representation = representation_named(name)
    wave, label = note_for(representation, pitch), torch.tensor([pitch])
    image = representation.encode(wave, label)
    back = representation.decode(image, label)
    assert image.shape == (1, 2, *representation.size)
    assert image.abs().max() <= 1
    assert snr_db(wave, back) > 45
    # The originals leave DC out, which the lowest notes lean on.
    assert log_distance_db(wave, back) < (0.3 if name in {"M20hn", "F"} else 0.6)


def test_mel_alone_does_not_bring_a_note_back() -> None:
    representation = representation_named("mel")
    wave, label = note_for(representation, 60), torch.tensor([60])
    back = representation.decode(representation.encode(wave, label), label)
    assert snr_db(wave, back) < 20
    assert log_distance_db(wave, back) > 2


@pytest.mark.parametrize("name", ["M20hn", "F"])
def test_the_spectrum_reaches_to_16_khz(name: str) -> None:
    representation = representation_named(name)
    seconds = torch.arange(representation.n_samples) / representation.sample_rate
    ends = torch.minimum(seconds / 0.1, (seconds[-1] - seconds) / 0.1).clamp(0, 1)
    wave = (0.5 * ends * torch.sin(2 * math.pi * 15950 * seconds))[None]
    label = torch.tensor([60])
    assert snr_db(wave, representation.decode(representation.encode(wave, label), label)) > 45


@pytest.mark.parametrize(
    "config",
    [
        WarpedConfig(sample_rate=48000, n_samples=192000, lead_in=4608, step_hz=26.0),
        WarpedConfig(sample_rate=16000, n_samples=64000, lead_in=1536, n_freqs=512),
        WarpedConfig(n_times=256, n_freqs=512, step_hz=40.0),
        WarpedConfig(n_times=64, n_freqs=2048, step_hz=10.0),
        WarpedConfig(n_times=256, n_freqs=512, bend_hz=0.0),
        WarpedConfig(n_samples=64000, lead_in=1536, n_times=128, n_freqs=512, step_hz=40.0),
    ],
    ids=["48 kHz", "16 kHz", "256x512", "64x2048", "256x512 uniform", "2 s"],
)
def test_other_rates_lengths_and_sizes_bring_a_note_back(config: WarpedConfig) -> None:
    representation = WarpedRepresentation("other", config)
    wave, label = note_for(representation, 60), torch.tensor([60])
    image = representation.encode(wave, label)
    assert image.shape == (1, 2, config.n_times, config.n_freqs)
    assert snr_db(wave, representation.decode(image, label)) > 45


def test_48_khz_fits_the_same_image_without_half_of_it_empty() -> None:
    config = WarpedConfig(sample_rate=48000, n_samples=192000, lead_in=4608, step_hz=26.0)
    assert config.n_total == 196608 == config.n_samples + config.lead_in
    assert config.band_hz == 31.25


# Robustness


@pytest.mark.parametrize(("error", "most_db"), [("white", 2.5), ("slow", 4.5)])
def test_refined_notes_stand_a_networks_errors(error: str, most_db: float) -> None:
    representation = representation_named("M20hn")
    wave, label = note_for(representation, 60), torch.tensor([60])
    image = representation.encode(wave, label)
    generator = torch.Generator().manual_seed(0)
    if error == "white":
        image = image + 0.02 * torch.randn(image.shape, generator=generator)
    else:
        image[:, 1] += 0.02 * torch.randn(image.shape[-1], generator=generator)
    back = representation.decode(image, label, n_iterations=4)
    assert log_distance_db(wave, back) < most_db
    assert abs(float(10 * torch.log10(back.square().sum() / wave.square().sum()))) < 0.3


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_refinement_makes_the_phase_agree_with_itself(name: str) -> None:
    representation = representation_named(name)
    wave, label = note_for(representation, 60), torch.tensor([60])
    image = representation.encode(wave, label)
    image[:, 1] += 0.05 * torch.randn(image.shape[-1], generator=torch.manual_seed(0))
    window = torch.hann_window(2048)

    def convergence(n_iterations: int) -> float:
        back = representation.decode(image, label, n_iterations)
        spectra = [
            torch.stft(x[0], 2048, 512, window=window, return_complex=True).abs()
            for x in (wave, back)
        ]
        return float(torch.linalg.norm(spectra[0] - spectra[1]) / torch.linalg.norm(spectra[0]))

    assert convergence(4) < convergence(0)


# Batches, gradients, devices


@pytest.mark.parametrize("n_iterations", [0, 2])
@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_a_batch_is_its_notes(name: str, n_iterations: int) -> None:
    representation = representation_named(name)
    labels = torch.tensor([40, 70])
    waves = torch.cat([note_for(representation, int(pitch)) for pitch in labels])
    images = representation.encode(waves, labels)
    together = representation.decode(images, labels, n_iterations)
    alone = representation.decode(images[1:], labels[1:], n_iterations)
    torch.testing.assert_close(together[1:], alone, atol=2e-4, rtol=0)


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_silence_stays_silent(name: str) -> None:
    representation = representation_named(name)
    silence, label = torch.zeros(1, representation.n_samples), torch.tensor([60])
    back = representation.decode(representation.encode(silence, label), label)
    assert back.abs().max() < 2e-5


@pytest.mark.parametrize("n_iterations", [0, 4])
@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_gradients_flow_through_decoding(name: str, n_iterations: int) -> None:
    representation = representation_named(name)
    wave, label = note_for(representation, 60), torch.tensor([60])
    image = representation.encode(wave, label).requires_grad_()
    representation.decode(image, label, n_iterations).square().sum().backward()
    assert image.grad is not None
    assert torch.isfinite(image.grad).all()
    assert all(channel.abs().max() > 0 for channel in image.grad[0])


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_gradients_flow_through_encoding(name: str) -> None:
    representation = representation_named(name)
    wave = note_for(representation, 60).requires_grad_()
    representation.encode(wave, torch.tensor([60])).square().sum().backward()
    assert wave.grad is not None
    assert torch.isfinite(wave.grad).all()
    assert wave.grad.abs().max() > 0


@pytest.mark.parametrize("n_iterations", [0, 1, 4])
def test_the_gradient_of_decoding_is_the_slope_of_its_sound(n_iterations: int) -> None:
    representation = WarpedRepresentation("small", SMALL)
    label = torch.tensor([60])
    wave = note(60, SMALL.sample_rate, SMALL.n_samples)
    generator = torch.Generator().manual_seed(3)
    image = representation.encode(wave, label)
    image = image + 0.02 * torch.randn(image.shape, generator=generator)
    target = torch.randn(wave.shape, generator=generator)
    direction = torch.randn(image.shape, generator=generator)
    # The error counts where there is sound: beside the silence threshold there is a step.
    direction *= image[:, :1] > -0.7

    def sound(x: torch.Tensor) -> torch.Tensor:
        return (representation.decode(x, label, n_iterations) * target).sum()

    leaf = image.clone().requires_grad_()
    sound(leaf).backward()
    assert leaf.grad is not None
    slope = float((leaf.grad * direction).sum())
    step = 2e-3
    measured = float(sound(image + step * direction) - sound(image - step * direction)) / (2 * step)
    assert slope == pytest.approx(measured, rel=0.02)


def test_tables_first_used_without_gradients_serve_those_with_them() -> None:
    warped_codec.cache_clear()
    representation = WarpedRepresentation("small", SMALL)
    wave, label = note(60, SMALL.sample_rate, SMALL.n_samples), torch.tensor([60])
    with torch.inference_mode():
        representation.decode(representation.encode(wave, label), label)
    image = representation.encode(wave, label).requires_grad_()
    representation.decode(image, label, 1).sum().backward()
    assert image.grad is not None


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_it_runs_where_its_notes_are(name: str, device: str) -> None:
    representation = representation_named(name)
    wave, label = note_for(representation, 60), torch.tensor([60])
    image = representation.encode(wave.to(device), label.to(device))
    back = representation.decode(image, label.to(device), 1)
    assert image.device.type == back.device.type == device
    here = representation.decode(representation.encode(wave, label), label, 1)
    assert snr_db(here, back.cpu()) > 40


def test_phase_image_is_the_angle_of_the_spectrum() -> None:
    representation = representation_named("phase")
    wave = note_for(representation, 60)
    stfts = waves_to_stfts(wave, SpecgramConfig())
    image = representation.encode(wave, torch.tensor([60]))
    sounding = stfts.abs() > 0
    torch.testing.assert_close(image[:, 1][sounding] / 0.8, stfts.angle()[sounding] / math.pi)
