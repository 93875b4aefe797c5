"""One note of a data set measured: level, faults, pitch, and a likeness to compare by."""

import hashlib
from functools import cache

import librosa
import msgspec
import numpy as np
from numpy.typing import NDArray

from train.datasets.notes import DatasetError, Example, Wave, read_wave
from train.datasets.pitch import hear_pitch

SILENT_DB = -60.0
LATE_SECONDS = 0.1
DC_SHARE = 0.05

_CLIPPED_SAMPLES = 8
_STILL = 0.98  # of the note's peak: a note normalised after clipping is clipped all the same
_ONSET_DB = -30.0
_N_FFT = 2048
_N_MELS, _N_TIMES = 32, 12
_FLOOR_DB = -60.0


class NoteMeasures(msgspec.Struct, frozen=True):
    """What was measured of a note.

    Attributes:
        fault: Why it cannot be used, or "".
        digest: Hash of its samples.
        peak_db: dB of full scale.
        n_clipped: Samples that stand still at the peak.
        dc: Mean over root mean square, 0..1.
        onset_seconds: When it first comes within 30 dB of its peak.
        noise_db: Level of the noise between its partials, dB below the note.
        heard: The pitch it sounds, a MIDI number with its fraction; None if none is clear.
        likeness: [mel times time], whole dB below its loudest, to compare notes by.
    """

    fault: str
    digest: str = ""
    peak_db: float = -200.0
    n_clipped: int = 0
    dc: float = 0.0
    onset_seconds: float = 0.0
    noise_db: float = -200.0
    heard: float | None = None
    likeness: bytes = b""

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to learn from."""
        return self.peak_db < SILENT_DB

    @property
    def is_clipped(self) -> bool:
        """Whether enough is clipped to be heard."""
        return self.n_clipped >= _CLIPPED_SAMPLES


def measure_note(example: Example) -> NoteMeasures:
    """Measure a note, or say why it cannot be read."""
    try:
        wave = read_wave(example)
    except DatasetError as error:
        return NoteMeasures(str(error))
    if not np.isfinite(wave).all():
        return NoteMeasures(f"{example.path} holds numbers that are no sound. Make it again.")
    peak = float(np.abs(wave).max())
    peak_db = 20.0 * float(np.log10(peak + 1e-10))
    digest = hashlib.sha256(wave.tobytes()).hexdigest()
    if peak_db < SILENT_DB:
        return NoteMeasures("", digest, peak_db)
    heard = hear_pitch(wave, example.sample_rate)
    return NoteMeasures(
        "",
        digest,
        peak_db,
        _n_clipped(wave, peak),
        float(abs(wave.mean()) / np.sqrt(np.mean(np.square(wave)))),
        _onset_seconds(wave, example.sample_rate, peak),
        _noise_db(wave),
        heard.midi if heard else None,
        _likeness(wave, example.sample_rate).tobytes(),
    )


def _n_clipped(wave: Wave, peak: float) -> int:
    """Count samples that are the third or a later one in a row at the same level near the peak."""
    still = (np.abs(wave[1:]) >= _STILL * peak) & (wave[1:] == wave[:-1])
    return int(np.count_nonzero(still[1:] & still[:-1]))


def _onset_seconds(wave: Wave, sample_rate: int, peak: float) -> float:
    loud = np.flatnonzero(np.abs(wave) >= peak * 10 ** (_ONSET_DB / 20))
    return float(loud[0] / sample_rate)


def _noise_db(wave: Wave) -> float:
    """Estimate the noise of a note, which lies in more bins of its spectrum than the partials.

    Half of the bins up to 0.9 of the highest are below the noise's median, so that is what is
    counted for all.
    """
    power = np.square(np.abs(np.fft.rfft(wave * np.hanning(wave.size))))
    low = power[: int(0.9 * power.size)]
    # Noise has a median power of ln 2 of its mean.
    noise = float(np.median(low)) / np.log(2.0) * power.size
    return 10.0 * float(np.log10((noise + 1e-20) / (power.sum() + 1e-20)))


def _likeness(wave: Wave, sample_rate: int) -> NDArray[np.int8]:
    """Describe the sound coarsely: int8 [mel, time], dB below the loudest."""
    hop = max(1, wave.size // _N_TIMES)
    spectra = librosa.stft(wave, n_fft=_N_FFT, hop_length=hop)[:, :_N_TIMES]
    db = 10.0 * np.log10(_mel(sample_rate) @ np.square(np.abs(spectra)) + 1e-12)
    return np.maximum(db - db.max(), _FLOOR_DB).round().astype(np.int8)


@cache
def _mel(sample_rate: int) -> NDArray[np.float32]:
    return librosa.filters.mel(sr=sample_rate, n_fft=_N_FFT, n_mels=_N_MELS)
