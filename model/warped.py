"""Waves to warped specgrams and back, exactly: a painless frame on a mel-like axis.

One Fourier transform of a whole note is cut into overlapping windows around the centres of
1024 frequency bands; each window's inverse transform is that band in time. Every band spans
the same number of Fourier bins, so all have the same 128 times, and the centres may lie
anywhere as long as the windows overlap: wide apart where the ear does not care, dense where
harmonics of low notes lie. The windows are normalised so that the frame is tight: its
inverse is its adjoint, and nothing is lost but what lies under the floor.

The phase is measured against the nearest harmonic of the note's pitch, so that the bands of
one partial share one slowly varying value.

Source: Balazs et al., "Theory, implementation and applications of nonstationary Gabor
frames", 2011, for painless frames; Griffin and Lim, 1984, for the refinement.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_PHASE_REACH = 0.5  # of a band's width: where a harmonic is this near, phase is relative to it
_RINGING_TIMES = 8  # after this many a band has rung out, 40 dB down
_SILENT = -0.795  # image values at or below this are silence; the floor itself is -0.8


@dataclass(frozen=True)
class WarpedConfig:
    """Size and axis of a warped specgram.

    Attributes:
        sample_rate: In Hz.
        n_samples: Of a note, without the lead-in.
        lead_in: Samples before the note, room for the ringing of sharp attacks.
        n_times: Columns of the specgram.
        n_freqs: Bands.
        step_hz: Distance of the bands above the bend of the axis, less than `band_hz`; not
            used by a uniform axis.
        bend_hz: Where the axis turns from linear to logarithmic; 0 makes it uniform.
        floor_db: Magnitudes below this, re a full-scale sinusoid, are silence.
    """

    sample_rate: int = 32000
    n_samples: int = 128000
    lead_in: int = 3072
    n_times: int = 128
    n_freqs: int = 1024
    step_hz: float = 20.0
    bend_hz: float = 700.0
    floor_db: float = -90.0

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: If they do not fit together, or leave a part of the spectrum out.
        """
        if min(self.sample_rate, self.n_samples, self.n_times, self.n_freqs) < 1:
            raise ValueError("sample_rate, n_samples, n_times and n_freqs must be above 0")
        if not all(map(math.isfinite, (self.step_hz, self.bend_hz, self.floor_db))):
            raise ValueError("step_hz, bend_hz and floor_db must be finite")
        if self.lead_in < 0 or self.bend_hz < 0 or self.floor_db >= 0:
            raise ValueError("lead_in and bend_hz must be 0 or more, floor_db less than 0")
        if self.n_total % self.n_times:
            raise ValueError(f"n_times must divide {self.n_total}, not be {self.n_times}")
        self._check_axis()

    def _check_axis(self) -> None:
        nyquist = self.sample_rate / 2
        least = nyquist / self.n_freqs
        if least >= self.band_hz:
            raise ValueError(
                f"{self.n_freqs} bands, each {self.band_hz:g} Hz wide, cannot cover {nyquist:g} Hz "
                f"without a gap: n_freqs must be above {nyquist / self.band_hz:g}, or n_times more"
            )
        if self.bend_hz and not least <= self.step_hz < self.band_hz:
            raise ValueError(
                f"{self.n_freqs} bands cover {nyquist:g} Hz without a gap where step_hz is "
                f"{least:g} to less than {self.band_hz:g}, not {self.step_hz:g}"
            )
        if self.bend_hz and _n_bands(self, nyquist) < self.n_freqs:
            raise ValueError(
                f"{self.n_freqs} bands reach beyond {nyquist:g} Hz: step_hz must be at most "
                f"{self.step_hz * _n_bands(self, nyquist) / self.n_freqs:g}, not {self.step_hz:g}"
            )

    @property
    def n_total(self) -> int:
        """Samples of the circular whole: the least of 2^n and 3·2^n that holds lead-in and note."""
        least = self.n_samples + self.lead_in
        power = 1 << (least - 1).bit_length()
        return power * 3 // 4 if power >= 4 and power * 3 // 4 >= least else power

    @property
    def hop(self) -> int:
        """Samples from one time to the next."""
        return self.n_total // self.n_times

    def with_times(self, n_times: int) -> "WarpedConfig":
        """Give the transform of the same hop and bands on a shorter or longer circle."""
        return replace(self, n_times=n_times, n_samples=self.hop * n_times - self.lead_in)

    def beginning_samples(self, n_times: int) -> int:
        """Say how many samples the first times make that the rest would not change much."""
        return max(0, min(self.n_samples, (n_times - 1) * self.hop - self.lead_in))

    def level(self, magnitude: Tensor) -> Tensor:
        """Give the amplitudes that magnitudes of an image stand for, any shape."""
        # One exponential: 10^(dB/20), dB = -floor * (m + .8) / 1.6 + floor.
        slope = -self.floor_db / 1.6 / 20 * math.log(10)
        # A network may overshoot; nothing it has seen is louder than 1.
        level = torch.exp((magnitude.clamp_max(1.0) - 0.8) * slope)
        return torch.where(magnitude > _SILENT, level, 0.0)

    @property
    def band_hz(self) -> float:
        """Width of a band, between the zeros of half its window, in Hz."""
        return self.sample_rate / self.hop


def warped_centres(config: WarpedConfig) -> Tensor:
    """Place the bands' centres: mel-like below a corner frequency, uniform above.

    The corner is found by bisection so that the last band lies on the Nyquist frequency.

    Returns:
        int64 [freq], in Fourier bins of `n_total` samples, rising.
    """
    nyquist = config.sample_rate / 2
    bin_hz = config.sample_rate / config.n_total
    numbers = torch.arange(1, config.n_freqs + 1, dtype=torch.float64)
    if config.bend_hz == 0:
        return (numbers * nyquist / config.n_freqs / bin_hz).round().long()
    q, step = config.bend_hz, config.step_hz
    low, high = 0.0, nyquist
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _n_bands(config, middle) < config.n_freqs else (low, middle)
    corner = (low + high) / 2
    turn = (corner + q) / step * math.log((corner + q) / q)
    below = q * (torch.exp(numbers * step / (corner + q)) - 1)
    above = corner + (numbers - turn) * step
    return (torch.where(numbers < turn, below, above) / bin_hz).round().long()


def _n_bands(config: WarpedConfig, corner_hz: float) -> float:
    """Say how many bands there are up to the Nyquist frequency with the corner at `corner_hz`."""
    q, nyquist = config.bend_hz, config.sample_rate / 2
    bent = (corner_hz + q) * math.log((corner_hz + q) / q)
    return (nyquist - corner_hz + bent) / config.step_hz


def warped_frequencies(config: WarpedConfig) -> Tensor:
    """Give the bands' centres in Hz: float64 [freq], rising."""
    return warped_centres(config).double() * config.sample_rate / config.n_total


def pitch_to_hz(pitch: Tensor) -> Tensor:
    """Turn MIDI numbers, fractional ones too, into frequencies in Hz."""
    return 440.0 * torch.exp2((pitch.double() - 69.0) / 12.0)


def nearest_harmonic_hz(freqs_hz: Tensor, f0_hz: Tensor) -> Tensor:
    """Find the harmonic of each note that is nearest to each frequency, the first at least.

    Args:
        freqs_hz: [freq].
        f0_hz: [batch].

    Returns:
        [batch, freq], in Hz.
    """
    f0 = f0_hz[:, None]
    return f0 * torch.clamp_min(torch.round(freqs_hz[None] / f0), 1.0)


class WarpedCodec:
    """The transform of one configuration, with its tables.

    Not a module: it has nothing to train. Tables live on the device they were made for.
    """

    def __init__(self, config: WarpedConfig, device: torch.device | str = "cpu") -> None:
        self.config = config
        self.device = torch.device(device)
        n, n_bins = config.n_times, config.n_total // 2 + 1
        centres = warped_centres(config)
        offsets = torch.arange(n)
        offsets = torch.where(offsets < n // 2, offsets, offsets - n)  # in the FFT's order
        window = torch.cos(math.pi * offsets.double() / n) ** 2
        index = centres[:, None] + offsets
        inside = (index >= 0) & (index < n_bins)
        index = index.clamp(0, n_bins - 1)
        power = torch.zeros(n_bins, dtype=torch.float64)
        power.index_put_((index,), torch.where(inside, window**2, 0.0), accumulate=True)
        power[: int(centres[0])].clamp_min_(1.0)
        atoms = torch.where(inside, window / power.clamp_min(1e-12).sqrt()[index], 0.0)
        peak = atoms[:, :1]

        self.freqs_hz = warped_frequencies(config).to(self.device)
        self._n_bins = n_bins
        self._index = index.reshape(-1).to(self.device)
        # The origin of phase is the note's first sample, not the lead-in's.
        turn = torch.polar(
            torch.ones(config.n_freqs, dtype=torch.float64),
            2 * math.pi * ((centres * config.lead_in) % config.n_total).double() / config.n_total,
        )
        scale = 2.0 * n / config.n_total
        self._analysis = (scale * atoms / peak * turn[:, None]).to(torch.complex64).to(self.device)
        self._synthesis = (
            (atoms * peak / scale * turn.conj()[:, None]).to(torch.complex64).to(self.device)
        )
        times = torch.arange(n, dtype=torch.float64) * config.hop - config.lead_in
        self._seconds = (times / config.sample_rate).to(self.device)

    def analyse(self, padded: Tensor) -> Tensor:
        """Turn padded waves into bands: magnitude 1 is a full-scale sinusoid at a centre.

        Args:
            padded: float32 [batch, n_total], the note beginning at `lead_in`.

        Returns:
            complex64 [batch, freq, time].
        """
        return self._cut(_rfft(padded))

    def synthesise(self, bands: Tensor) -> Tensor:
        """Turn bands into padded waves: the adjoint of `analyse`, and its inverse.

        Args:
            bands: complex64 [batch, freq, time].

        Returns:
            float32 [batch, n_total].
        """
        return _irfft(self._join(bands), self.config.n_total)

    def _cut(self, spectra: Tensor) -> Tensor:
        """Cut spectra, complex64 [batch, bin], into bands."""
        slices = spectra[:, self._index].view(len(spectra), -1, self.config.n_times)
        return torch.fft.ifft(slices * self._analysis)

    def _join(self, bands: Tensor) -> Tensor:
        """Add bands up to spectra: the adjoint of `_cut`, and its inverse."""
        slices = torch.fft.fft(bands) * self._synthesis
        spectra = torch.zeros(len(bands), self._n_bins, dtype=torch.complex64, device=bands.device)
        return spectra.index_add_(1, self._index, slices.view(len(bands), -1))

    def waves_to_specgrams(self, waves: Tensor, pitch: Tensor) -> Tensor:
        """Turn notes into log magnitude and instantaneous frequency re the nearest harmonic.

        The phase differences are taken against the sum of those already coded, so nothing
        drifts, and are 0 where the magnitude is under the floor.

        Args:
            waves: float32 [batch, n_samples], full scale ±1.
            pitch: [batch], MIDI number of each note.

        Returns:
            float32 [batch, 2, time, freq]: magnitude, -0.8 the floor and 0.8 a full-scale
            sinusoid; then the phase difference over pi, -1 to 1.

        Raises:
            ValueError: If the waves are not `n_samples` long.
        """
        config = self.config
        if waves.shape[-1] != config.n_samples:
            raise ValueError(f"waves must be {config.n_samples} samples, not {waves.shape[-1]}")
        after = config.n_total - config.lead_in - config.n_samples
        bands = self.analyse(functional.pad(waves, (config.lead_in, after)))
        angle = self.reference(pitch, self.freqs_hz)
        bands = bands * _polar(torch.ones_like(angle), angle)
        level = 20 * torch.log10(bands.abs().clamp_min(1e-12))
        floor = -config.floor_db
        magnitude = (1.6 * (level + floor) / floor - 0.8).clamp(-0.8, 1.0)
        angle = bands.angle() / math.pi
        audible = level >= config.floor_db
        coded = torch.zeros_like(angle[..., 0])
        steps = []
        for t in range(config.n_times):
            step = torch.where(audible[..., t], _wrap(angle[..., t] - coded), 0.0)
            coded = _wrap(coded + step)
            steps.append(step)
        return torch.stack([magnitude, torch.stack(steps, -1)], 1).transpose(2, 3).contiguous()

    def specgrams_to_waves(self, specgrams: Tensor, pitch: Tensor, n_iterations: int = 0) -> Tensor:
        """Turn specgrams into notes.

        Args:
            specgrams: float32 [batch, 2, time, freq] as `waves_to_specgrams` gives them; with
                fewer times than `n_times`, the rest of the note is silent.
            pitch: [batch], MIDI number of each note.
            n_iterations: Griffin-Lim iterations. A specgram from a wave needs none; a
                network's needs two, which bring the bands of each partial into agreement.

        Returns:
            float32 [batch, n_samples].
        """
        config = self.config
        level, phase = self._level_and_phase(specgrams)
        phase = phase - self.reference(pitch, self.freqs_hz)[..., : phase.shape[-1]]
        padded = self.decode(level, phase, n_iterations)
        return padded[:, config.lead_in : config.lead_in + config.n_samples]

    def specgrams_to_beginnings(
        self, specgrams: Tensor, pitch: Tensor, n_iterations: int = 0
    ) -> Tensor:
        """Turn the first columns of specgrams into the beginnings of notes, on a shorter circle.

        Within 25 dB of what the whole specgrams would give, most of them 30 dB: centres are
        rounded to the fewer Fourier bins. Where too many columns are given to be faster, the
        whole circle is used.

        Args:
            specgrams: float32 [batch, 2, time, freq], the first columns.
            pitch: [batch], MIDI number of each note.
            n_iterations: Griffin-Lim iterations.

        Returns:
            float32 [batch, sample]: what the columns not given would not change much.
        """
        n_times = specgrams.shape[2]
        n_samples = self.config.beginning_samples(n_times)
        n_circle = 1 << (n_times + _RINGING_TIMES - 1).bit_length()
        if n_circle >= self.config.n_times:
            return self.specgrams_to_waves(specgrams, pitch, n_iterations)[:, :n_samples]
        short = warped_codec(self.config.with_times(n_circle), str(self.device))
        level, phase = self._level_and_phase(specgrams)
        # The image is relative to this codec's centres, bands to those of the shorter one.
        phase = phase - short.reference(pitch, self.freqs_hz)[..., :n_times]
        padded = short.decode(level, phase, n_iterations)
        lead_in = self.config.lead_in
        return padded[:, lead_in : lead_in + n_samples]

    def _level_and_phase(self, specgrams: Tensor) -> tuple[Tensor, Tensor]:
        """Give magnitude and phase in radians, float32 [batch, freq, time] each."""
        magnitude, ifreq = specgrams.float().transpose(2, 3).unbind(1)
        return self.config.level(magnitude), math.pi * torch.cumsum(ifreq, -1)

    def decode(self, level: Tensor, phase: Tensor, n_iterations: int) -> Tensor:
        """Turn magnitudes and phases into padded waves; times that are missing are silent.

        Args:
            level: float32 [batch, freq, time].
            phase: In radians, likewise.
            n_iterations: Griffin-Lim iterations.

        Returns:
            float32 [batch, n_total].
        """
        bands = _polar(level, phase)
        missing = self.config.n_times - bands.shape[-1]
        if missing:
            bands, level = (functional.pad(x, (0, missing)) for x in (bands, level))
        for _ in range(n_iterations):
            # Between two real waves' spectra lies no need for the waves themselves.
            again = self._cut(_of_real_waves(self._join(bands)))
            bands = again * (level * torch.rsqrt(_power(again).clamp_min(1e-24)))
        return self.synthesise(bands)

    def reference(self, pitch: Tensor, image_freqs_hz: Tensor) -> Tensor:
        """Give the angles that stop each partial, in radians: float32 [batch, freq, time].

        Args:
            pitch: [batch], MIDI numbers.
            image_freqs_hz: [freq], the centres that say which bands a harmonic is near to: this
                codec's own, or those that an image was made with.
        """
        harmonic = nearest_harmonic_hz(image_freqs_hz, pitch_to_hz(pitch).to(self.device))
        near = (image_freqs_hz - harmonic).abs() <= _PHASE_REACH * self.config.band_hz
        still = torch.where(near, harmonic, image_freqs_hz)
        turns = (self.freqs_hz - still)[..., None] * self._seconds
        return (2 * math.pi * (turns - turns.round())).float()


def _is_quicker_in_numpy(x: Tensor) -> bool:
    """Say whether to leave torch: it plans each single long transform anew, which takes longer."""
    return len(x) == 1 and x.device.type == "cpu" and not x.requires_grad


def _rfft(waves: Tensor) -> Tensor:
    if _is_quicker_in_numpy(waves):
        return torch.from_numpy(np.fft.rfft(waves.numpy()).astype(np.complex64, copy=False))
    return torch.fft.rfft(waves)


def _irfft(spectra: Tensor, n: int) -> Tensor:
    if _is_quicker_in_numpy(spectra):
        return torch.from_numpy(np.fft.irfft(spectra.numpy(), n).astype(np.float32, copy=False))
    return torch.fft.irfft(spectra, n=n)


def _polar(level: Tensor, phase: Tensor) -> Tensor:
    """Give complex numbers: four times as fast as `torch.polar`."""
    return torch.complex(level * torch.cos(phase), level * torch.sin(phase))


def _power(x: Tensor) -> Tensor:
    """Give squared magnitudes: `abs` takes care of overflow, which takes time."""
    return x.real.square() + x.imag.square()


def _of_real_waves(spectra: Tensor) -> Tensor:
    """Make the ends of half spectra, DC and Nyquist, real, as those of real waves are."""
    ends = spectra[:, [0, -1]].real.to(spectra.dtype)
    return torch.cat([ends[:, :1], spectra[:, 1:-1], ends[:, 1:]], 1)


def _wrap(half_turns: Tensor) -> Tensor:
    """Bring angles over pi into [-1, 1]."""
    return half_turns - 2 * torch.round(half_turns / 2)


@lru_cache(maxsize=8)
def warped_codec(config: WarpedConfig, device: str = "cpu") -> WarpedCodec:
    """Give the codec of a configuration; its tables (10 MB) are made once."""
    # Made outside inference mode, because they are kept and may meet autograd later.
    with torch.inference_mode(False):
        return WarpedCodec(config, device)
