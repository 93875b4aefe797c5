"""What is alive in a held note: how its spectrum, its level and its pitch move."""

from dataclasses import dataclass

import librosa
import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt
from scipy.signal.windows import tukey

from train.datasets.features import envelope
from train.datasets.notes import Wave

_HELD_SECONDS = (0.3, 2.5)
_SOUNDING_DB = -40.0

_FLUX_WINDOW_SECONDS = 0.064
_FLUX_STEP_SECONDS = 0.032

_JITTER_WINDOW_SECONDS = 0.05
_JITTER_STEP_SECONDS = 0.02

_VIBRATO_HZ = (3.0, 9.0)
_VIBRATO_SECONDS = (0.1, 2.7)
_EDGE_SECONDS = 0.2  # at both ends of what is followed, where the filters ring
_VIBRATO_PARTIALS = 8
_TRACK_HZ = 100.0
_PARTIAL_REACH = 0.06  # a semitone each way: what may belong to a partial
_LEAST_REACH_HZ = 12.0


@dataclass(frozen=True)
class Texture:
    """How much a note moves while it is held.

    Attributes:
        flux: Spectral flux: how much the spectrum's shape changes from one 32 ms to the next,
            as a share of itself; 0 for a steady tone, about 1 for noise.
        jitter_db: Roughness of the level, in dB a step of 20 ms; see `envelope_jitter_db`.
        vibrato_cents: Amplitude of the pitch's movement between 3 and 9 Hz.
    """

    flux: float
    jitter_db: float
    vibrato_cents: float


def measure_texture(wave: Wave, sample_rate: int, pitch: int) -> Texture:
    """Measure a note: float32 [sample]; `pitch` is its MIDI number."""
    wave = np.nan_to_num(wave, posinf=0.0, neginf=0.0)
    return Texture(
        spectral_flux(wave, sample_rate),
        envelope_jitter_db(wave, sample_rate),
        vibrato_cents(wave, sample_rate, pitch),
    )


def spectral_flux(wave: Wave, sample_rate: int) -> float:
    """Measure how much the shape of the spectrum changes while the note is held.

    Returns:
        The mean norm of the difference of neighbouring magnitude spectra, each scaled to norm 1
        so that decay does not count; 0 for a note too short or too soft to say.
    """
    start, end = (round(seconds * sample_rate) for seconds in _HELD_SECONDS)
    n_fft, hop = (
        round(s * sample_rate) // 2 * 2 for s in (_FLUX_WINDOW_SECONDS, _FLUX_STEP_SECONDS)
    )
    held = wave[start:end]
    if held.size < n_fft + hop:
        return 0.0
    magnitude = np.abs(librosa.stft(held, n_fft=n_fft, hop_length=hop, center=False))
    norms = np.linalg.norm(magnitude, axis=0)
    sounding = norms > max(norms.max(), 1e-6) * 10 ** (_SOUNDING_DB / 20)
    shapes = magnitude / np.maximum(norms, 1e-12)
    steps = np.linalg.norm(np.diff(shapes, axis=1), axis=0)[sounding[1:] & sounding[:-1]]
    return float(steps.mean()) if steps.size else 0.0


def envelope_jitter_db(wave: Wave, sample_rate: int) -> float:
    """Measure how rough a note's level is.

    Returns:
        The median bend of the level while it sounds, in dB a step of 20 ms: how far a step's
        level lies from the middle of its neighbours', so that steady decay counts as smooth.
        0 for a note too short to say.
    """
    level, step_seconds = envelope(wave.astype(np.float64), sample_rate, _JITTER_WINDOW_SECONDS)
    level = level[:: max(1, round(_JITTER_STEP_SECONDS / step_seconds))]
    level_db = 20 * np.log10(np.maximum(level / max(level.max(initial=0.0), 1e-20), 1e-6))
    bend = np.abs(level_db[1:-1] - (level_db[:-2] + level_db[2:]) / 2)
    sounding = bend[level_db[1:-1] > _SOUNDING_DB]
    return float(np.median(sounding)) if sounding.size else 0.0


def vibrato_cents(wave: Wave, sample_rate: int, pitch: int) -> float:
    """Measure how far the pitch swings between 3 and 9 Hz.

    The first eight partials are each brought down to 0 Hz; where their phases turn together, the
    pitch moves. Slower movement is drift, faster is roughness: neither counts.

    Args:
        wave: float32 [sample].
        sample_rate: In Hz.
        pitch: MIDI number of the note.

    Returns:
        The amplitude of a sine with the same power, in cents, up to a quarter too small at the
        lowest pitches; 0 for a note too short to say.
    """
    start, end = (round(seconds * sample_rate) for seconds in _VIBRATO_SECONDS)
    held = wave[start:end].astype(np.float64)
    if held.size < sample_rate:
        return 0.0
    f0_hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    cents, power = _partial_tracks(held, sample_rate, f0_hz)
    edge = round(_EDGE_SECONDS * _TRACK_HZ)
    cents, power = cents[:, edge:-edge], power[:, edge:-edge]
    total = power.sum(axis=0)
    sounding = total > max(total.max(), 1e-12) * 10 ** (_SOUNDING_DB / 10)
    n_sounding = int(sounding.size - np.argmax(sounding[::-1])) if sounding.any() else 0
    track = (cents * power).sum(axis=0)[:n_sounding] / np.maximum(total[:n_sounding], 1e-30)
    if track.size < _TRACK_HZ / 2:
        return 0.0
    band = butter(2, _VIBRATO_HZ, "bandpass", fs=_TRACK_HZ, output="sos")
    swing = sosfiltfilt(band, track - track.mean())
    return float(np.sqrt(2 * np.mean(np.square(swing))))


def _partial_tracks(
    held: NDArray[np.float64], sample_rate: int, f0_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Follow partials: cents from their place and power, float64 [partial, step] each."""
    n = held.size
    spectrum = np.fft.fft(held * tukey(n, 2 * _EDGE_SECONDS * sample_rate / n))
    hertz = np.fft.fftfreq(n, 1 / sample_rate)
    n_steps = round(n / sample_rate * _TRACK_HZ)
    cents, power = [], []
    for partial in range(1, _VIBRATO_PARTIALS + 1):
        centre_hz = partial * f0_hz
        if centre_hz > 0.45 * sample_rate:
            break
        reach_hz = min(max(_PARTIAL_REACH * centre_hz, _LEAST_REACH_HZ), f0_hz / 2)
        near = np.abs(hertz - centre_hz) < reach_hz
        taper = np.cos(np.pi / 2 * (hertz[near] - centre_hz) / reach_hz)
        centre = round(centre_hz * n / sample_rate)
        # Shifted to 0 Hz and back to time, at no more steps than are looked at.
        size = max(4 * n_steps, 2 * round(reach_hz * n / sample_rate) + 2)
        band = np.zeros(size, complex)
        band[(np.flatnonzero(near) - centre) % size] = spectrum[near] * taper
        wave = np.fft.ifft(band)
        turn = np.angle(wave[1:] * wave[:-1].conj()) * size / n * sample_rate / (2 * np.pi)
        off_hz = turn + centre * sample_rate / n - centre_hz
        weight = np.abs(wave[1:] * wave[:-1])
        steps = np.arange(size - 1) * n_steps // size
        sums = np.bincount(steps, weight, n_steps)
        mean_hz = np.bincount(steps, weight * off_hz, n_steps) / np.maximum(sums, 1e-30)
        ratio = np.maximum(1 + mean_hz / centre_hz, 0.5)
        cents.append(1200 * np.log2(ratio))
        power.append(sums)
    return np.array(cents), np.array(power)
