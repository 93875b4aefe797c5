"""How far two notes are apart by ear's rough measure: the mean difference of log-mel specgrams."""

import math
from functools import lru_cache

import torch
from torch import Tensor

N_MELS = 128
FLOOR_DB = -80.0
_N_FFT = 2048
_HOP = 512
_SMALLEST = 1e-20
_WIDEST_GAIN_DB = 20.0
_LINEAR_HZ_PER_MEL = 200 / 3  # up to the corner
_CORNER_HZ = 1000.0
_STEP = math.log(6.4) / 27  # of a mel above the corner


def log_mel(wave: Tensor, sample_rate: int) -> Tensor:
    """Measure the power in mel bands.

    Args:
        wave: float32 [sample].
        sample_rate: In Hz.

    Returns:
        float32 [mel, time], dB re the greatest.
    """
    window = torch.hann_window(_N_FFT)
    stft = torch.stft(
        wave, _N_FFT, _HOP, window=window, center=True, pad_mode="constant", return_complex=True
    )
    power = mel_matrix(sample_rate) @ stft.abs().square()
    return 10 * torch.log10(power.clamp_min(_SMALLEST) / power.max().clamp_min(_SMALLEST))


def note_distance_db(wave: Tensor, reference: Tensor, sample_rate: int) -> float:
    """Compare two notes as far as the shorter one lasts; how loud they are makes no difference.

    Args:
        wave: float32 [sample].
        reference: float32 [sample].
        sample_rate: Of both, in Hz.

    Returns:
        The mean difference in dB, what is below the floor of -80 dB counting as the floor, at
        the gain of `wave`, within 20 dB, that makes it least.
    """
    n = max(min(len(wave), len(reference)), _N_FFT)
    mel, wanted = (
        log_mel(torch.nn.functional.pad(x[:n], (0, n - len(x[:n]))), sample_rate)
        for x in (wave, reference)
    )
    floored = wanted.clamp_min(FLOOR_DB)

    def nearest(gains_db: Tensor) -> tuple[float, float]:
        raised = (mel + gains_db[:, None, None]).clamp_min(FLOOR_DB)
        distances = (raised - floored).abs().mean((1, 2))
        least = int(distances.argmin())
        return float(gains_db[least]), float(distances[least])

    gain_db, _ = nearest(torch.arange(-_WIDEST_GAIN_DB, _WIDEST_GAIN_DB + 1, 2.0))
    return nearest(gain_db + torch.arange(-1.75, 2.0, 0.25))[1]


@lru_cache(maxsize=4)
def mel_matrix(sample_rate: int) -> Tensor:
    """Make the triangles that sum an STFT's power into mel bands: float32 [mel, freq].

    Source: the axis is Slaney's, "Auditory Toolbox", 1998, linear up to 1 kHz and logarithmic
    above; each triangle has the area 1, as librosa has it by default.
    """
    top_mel = _to_mel(sample_rate / 2)
    edges = _to_hertz(torch.linspace(0.0, top_mel, N_MELS + 2, dtype=torch.float64))
    hertz = torch.linspace(0.0, sample_rate / 2, _N_FFT // 2 + 1, dtype=torch.float64)
    lower, centre, upper = (edges[i : N_MELS + i, None] for i in range(3))
    rising = (hertz - lower) / (centre - lower)
    falling = (upper - hertz) / (upper - centre)
    triangles = torch.minimum(rising, falling).clamp_min(0.0)
    return (triangles * 2 / (upper - lower)).float()


def _to_mel(hertz: float) -> float:
    if hertz < _CORNER_HZ:
        return hertz / _LINEAR_HZ_PER_MEL
    return _CORNER_HZ / _LINEAR_HZ_PER_MEL + math.log(hertz / _CORNER_HZ) / _STEP


def _to_hertz(mel: Tensor) -> Tensor:
    corner = _CORNER_HZ / _LINEAR_HZ_PER_MEL
    above = _CORNER_HZ * torch.exp(_STEP * (mel - corner))
    return torch.where(mel < corner, _LINEAR_HZ_PER_MEL * mel, above)
