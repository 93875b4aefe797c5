"""Waves ↔ STFTs ↔ specgrams ↔ mel specgrams, in inverse pairs, as the original GANSynth has them.

All functions are batched, run on the device of what they get and are differentiable. All the
padding stands in front of a wave, so its last `n_fft - hop` samples fade out on the way back.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .mel import linear_to_mel, mel_to_linear

# The window advances by a quarter of its length: Hann squared then adds up to 1.5 everywhere.
WINDOWS_PER_HOP = 4
SQUARED_WINDOW_SUM = 1.5

# Keeps the logarithm of silence finite: ln 1e-6 = -13.8.
SMALLEST = 1e-6


@dataclass(frozen=True)
class SpecgramConfig:
    """How long a wave is and how finely a specgram cuts it; the defaults are the published ones.

    Attributes:
        n_samples: Of a wave.
        sample_rate: In Hz.
        n_fft: Samples a window; the hop is a quarter.
        n_times: Rows of a specgram.
        n_freqs: Its columns: half of `n_fft`, DC being left out.
    """

    n_samples: int = 64000
    sample_rate: int = 16000
    n_fft: int = 2048
    n_times: int = 128
    n_freqs: int = 1024

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: If they do not fit together.
        """
        if min(self.n_samples, self.sample_rate, self.n_fft, self.n_times) < 1:
            raise ValueError("n_samples, sample_rate, n_fft and n_times must be above 0")
        if self.n_fft % WINDOWS_PER_HOP:
            raise ValueError(f"n_fft must be a multiple of {WINDOWS_PER_HOP}, not {self.n_fft}")
        if self.n_freqs * 2 != self.n_fft:
            raise ValueError(f"n_freqs must be {self.n_fft // 2}, not {self.n_freqs}")
        if self.n_padding < 0:
            raise ValueError(
                f"{self.n_times} times hold {self.n_samples + self.n_padding} samples, "
                f"fewer than {self.n_samples}"
            )

    @property
    def hop(self) -> int:
        """Samples from one time to the next."""
        return self.n_fft // WINDOWS_PER_HOP

    @property
    def n_padding(self) -> int:
        """Zeros in front of a wave."""
        return self.hop * (self.n_times - 1) + self.n_fft - self.n_samples


def fit_length(waves: Tensor, n_samples: int) -> Tensor:
    """Make waves as long as a specgram wants them, as the original does with what it trains on.

    A longer wave keeps its beginning. A shorter one is put in the middle of silence, the odd
    sample of which comes first; the published notes are all of the right length.

    Args:
        waves: [..., sample].
        n_samples: How long they are to be.
    """
    missing = n_samples - waves.shape[-1]
    if missing <= 0:
        return waves[..., :n_samples]
    return torch.nn.functional.pad(waves, (missing - missing // 2, missing // 2))


def waves_to_stfts(waves: Tensor, config: SpecgramConfig) -> Tensor:
    """Take the short-time spectra of waves; the inverse is `stfts_to_waves`.

    Args:
        waves: float32 [batch, sample], full scale ±1; a short one is silent at its end.
        config: Says the length, the hop and the number of bins.

    Returns:
        complex64 [batch, time, freq]: bins 1 to n_freqs of each window; DC is left out.

    Raises:
        ValueError: If a wave is longer than the specgram can hold.
    """
    n_missing = config.n_samples - waves.shape[-1]
    if n_missing < 0:
        raise ValueError(
            f"waves must have at most {config.n_samples} samples, not {waves.shape[-1]}"
        )
    padded = torch.nn.functional.pad(waves, (config.n_padding, n_missing))
    windows = padded.unfold(-1, config.n_fft, config.hop) * _hann(config, waves)
    return torch.fft.rfft(windows)[..., 1:]


def stfts_to_waves(stfts: Tensor, config: SpecgramConfig) -> Tensor:
    """Add short-time spectra up to waves; the inverse of `waves_to_stfts`.

    Args:
        stfts: complex64 [batch, time, freq]; its first times alone give the first samples.
        config: Says the length, the hop and the number of bins.

    Returns:
        float32 [batch, sample]: `n_samples` of them, or, of fewer times than `n_times`, as many as
        the times left out could not have changed.

    Raises:
        ValueError: If there are more than `n_times`.
    """
    n_times = stfts.shape[-2]
    if n_times > config.n_times:
        raise ValueError(f"stfts must have at most {config.n_times} times, not {n_times}")
    spectra = torch.nn.functional.pad(stfts, (1, 0))
    synthesis = _hann(config, stfts.real) / SQUARED_WINDOW_SUM
    windows = torch.fft.irfft(spectra, config.n_fft) * synthesis
    quarters = windows.unflatten(-1, (WINDOWS_PER_HOP, config.hop))
    added = sum(
        torch.nn.functional.pad(quarters[..., i, :], (0, 0, i, WINDOWS_PER_HOP - 1 - i))
        for i in range(WINDOWS_PER_HOP)
    )
    assert isinstance(added, Tensor)
    end = config.n_padding + config.n_samples
    if n_times < config.n_times:
        end = max(config.n_padding, min(end, n_times * config.hop))
    return added.flatten(-2)[..., config.n_padding : end]


def stfts_to_specgrams(stfts: Tensor) -> Tensor:
    """Turn spectra into log magnitude and IF; the inverse is `specgrams_to_stfts`.

    Args:
        stfts: complex64 [batch, time, freq].

    Returns:
        float32 [batch, 2, time, freq]: natural log magnitude, then IF.
    """
    # The spectrum of silence holds negative zeros, whose phase is pi; adding 0 makes it 0.
    ifreq = phase_to_ifreq((stfts + 0).angle())
    return torch.stack([torch.log(stfts.abs() + SMALLEST), ifreq], dim=-3)


def specgrams_to_stfts(specgrams: Tensor) -> Tensor:
    """Turn log magnitude and IF into spectra; the inverse of `stfts_to_specgrams`."""
    log_magnitude, ifreq = specgrams.unbind(-3)
    return torch.polar(log_magnitude.exp(), ifreq_to_phase(ifreq))


def waves_to_specgrams(waves: Tensor, config: SpecgramConfig) -> Tensor:
    """Turn waves into log magnitude and instantaneous frequency.

    Instantaneous frequency is the unwrapped phase difference between neighbours in time, over
    pi, so it lies in [-1, 1]. The inverse is `specgrams_to_waves`.

    Args:
        waves: float32 [batch, sample], full scale ±1.
        config: Says the rate, the hop and the number of bins.

    Returns:
        float32 [batch, 2, time, freq]: natural log magnitude, then IF.

    Raises:
        ValueError: If a wave is longer than the specgram can hold.

    Source: Engel et al., "GANSynth", ICLR 2019, section 3; magenta/magenta (Apache-2.0),
        `specgrams_helper.py`, its numbers; written anew.
    """
    return stfts_to_specgrams(waves_to_stfts(waves, config))


def specgrams_to_waves(specgrams: Tensor, config: SpecgramConfig) -> Tensor:
    """Turn log magnitude and instantaneous frequency into waves.

    The inverse of `waves_to_specgrams`, but for DC and the fade of a wave's last samples.

    Args:
        specgrams: float32 [batch, 2, time, freq]; the first times alone give the first samples.
        config: Says the rate, the hop and the number of bins.

    Returns:
        float32 [batch, sample], as `stfts_to_waves` says.
    """
    return stfts_to_waves(specgrams_to_stfts(specgrams), config)


def specgrams_to_melspecgrams(specgrams: Tensor, config: SpecgramConfig) -> Tensor:
    """Turn specgrams into mel specgrams; `melspecgrams_to_specgrams` is a lossy way back.

    Args:
        specgrams: float32 [batch, 2, time, freq].
        config: Says the rate.

    Returns:
        float32 [batch, 2, time, mel]: natural log *power*, then the IF of the mel phase.
    """
    log_magnitude, ifreq = specgrams.unbind(-3)
    power = linear_to_mel((2 * log_magnitude).exp(), config.sample_rate)
    # The unwrapped phases are summed as they are: the weights of a band do not add up to one.
    phase = linear_to_mel(ifreq_to_phase(ifreq), config.sample_rate)
    return torch.stack([torch.log(power + SMALLEST), phase_to_ifreq(phase)], dim=-3)


def melspecgrams_to_specgrams(melspecgrams: Tensor, config: SpecgramConfig) -> Tensor:
    """Turn mel specgrams into specgrams; see `specgrams_to_melspecgrams`."""
    log_magnitude, phase = _spread(melspecgrams, config)
    return torch.stack([log_magnitude, phase_to_ifreq(phase)], dim=-3)


def waves_to_melspecgrams(waves: Tensor, config: SpecgramConfig) -> Tensor:
    """Turn waves into mel specgrams: float32 [batch, 2, time, mel]."""
    return specgrams_to_melspecgrams(waves_to_specgrams(waves, config), config)


def melspecgrams_to_waves(melspecgrams: Tensor, config: SpecgramConfig) -> Tensor:
    """Turn mel specgrams into waves.

    What `melspecgrams_to_specgrams` and `specgrams_to_waves` give, without the way from phase to
    IF and back, which changes phases by whole turns only.
    """
    log_magnitude, phase = _spread(melspecgrams, config)
    return stfts_to_waves(torch.polar(log_magnitude.exp(), phase), config)


def _spread(melspecgrams: Tensor, config: SpecgramConfig) -> tuple[Tensor, Tensor]:
    """Give the log magnitude and the phase, each [batch, time, freq], of mel specgrams."""
    log_power, ifreq = melspecgrams.unbind(-3)
    power = mel_to_linear(log_power.exp(), config.sample_rate)
    phase = mel_to_linear(ifreq_to_phase(ifreq), config.sample_rate)
    return 0.5 * torch.log(power + SMALLEST), phase


def unwrap(phase: Tensor) -> Tensor:
    """Take whole turns out of the jumps of a phase along time, as `numpy.unwrap` does.

    Args:
        phase: float32 [..., time, freq], radians.
    """
    steps = phase.diff(dim=-2)
    turns = (_wrap(steps) - steps).cumsum(-2)
    return torch.cat([phase[..., :1, :], phase[..., 1:, :] + turns], dim=-2)


def phase_to_ifreq(phase: Tensor) -> Tensor:
    """Turn phase into instantaneous frequency; the inverse is `ifreq_to_phase`.

    The difference of the unwrapped phase, which is the wrapped difference of the phase, and
    exacter so, because no long sum is taken first.

    Args:
        phase: float32 [..., time, freq], radians.

    Returns:
        float32 [..., time, freq]: half turns a hop; the first row is the phase itself, over pi.
    """
    steps = _wrap(phase.diff(dim=-2))
    return torch.cat([phase[..., :1, :], steps], dim=-2) / math.pi


def ifreq_to_phase(ifreq: Tensor) -> Tensor:
    """Add instantaneous frequency up to unwrapped phase, radians: [..., time, freq]."""
    return ifreq.cumsum(-2) * math.pi


def _wrap(steps: Tensor) -> Tensor:
    """Bring phase steps into [-pi, pi), and half a turn forward to +pi."""
    wrapped = torch.remainder(steps + math.pi, 2 * math.pi) - math.pi
    return torch.where((wrapped == -math.pi) & (steps > 0), math.pi, wrapped)


def _hann(config: SpecgramConfig, like: Tensor) -> Tensor:
    return torch.hann_window(config.n_fft, periodic=True, device=like.device, dtype=like.dtype)
