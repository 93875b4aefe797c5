"""Listen to a recording with a piece in hand: which of its notes are there, and when?

It knows nothing of the instrument: a wave and a list of notes are all it gets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from tests.main_job.prelude import PlayedNote
from tests.signals import hz

HOP_SECONDS = 0.004
WINDOW_SECONDS = 0.064  # 31 Hz wide at half height: tells semitones apart above 260 Hz
HIGHEST_HZ = 6000.0
LOWEST_HZ = 250.0
N_HARMONICS = 16
SEMITONES = (-2, -1, 0, 1, 2)
SEARCH_SECONDS = 0.07  # half a sixteenth of the prelude


@dataclass(frozen=True)
class HeardNote:
    """What was heard of one note of the piece.

    Attributes:
        late_seconds: Where the harmonics of the note rise most steeply, after its due time.
        rise_db: By how much the upper quarter of them rises there.
        semitones: Whose harmonics rise most around that place, from the note's own, -2 to 2.
    """

    late_seconds: float
    rise_db: float
    semitones: int

    def is_right(self, latency_seconds: float, tolerance_seconds: float) -> bool:
        """Say whether a note of this pitch began where it should."""
        late = self.late_seconds - latency_seconds
        return self.rise_db >= 3.0 and self.semitones == 0 and abs(late) <= tolerance_seconds


@dataclass(frozen=True)
class Report:
    """How a recording stands to the piece: share of right notes, and the wrong ones."""

    latency_seconds: float
    share_right: float
    wrong: tuple[tuple[PlayedNote, HeardNote], ...]


def listen(
    wave: NDArray[np.float32],
    sample_rate: float,
    piece: Sequence[PlayedNote],
    *,
    tolerance_seconds: float,
) -> Report:
    """Compare a recording with a piece.

    Args:
        wave: float32 [sample], mono; the piece begins at its first sample or up to 0.2 s later.
        sample_rate: In Hz.
        piece: Its notes.
        tolerance_seconds: How far an onset may be from its place, the latency taken off.

    Returns:
        The report; its latency is the median over all notes.
    """
    spectra = _spectra(wave, sample_rate)
    rough = [_hear(spectra, sample_rate, note, 0.1, 0.15) for note in piece]
    latency = float(np.median([note.late_seconds for note in rough]))
    # Once more, near the due places only, where no note before or after is in the way.
    heard = [
        _hear(spectra, sample_rate, note, SEARCH_SECONDS - latency, SEARCH_SECONDS + latency)
        for note in piece
    ]
    wrong = [
        (played, note)
        for played, note in zip(piece, heard, strict=True)
        if not note.is_right(latency, tolerance_seconds)
    ]
    return Report(latency, 1 - len(wrong) / len(piece), tuple(wrong))


def _spectra(wave: NDArray[np.float32], sample_rate: float) -> NDArray[np.float32]:
    """Give magnitudes, float32 [time, freq], of windows centred HOP_SECONDS apart from 0 on.

    The transform is padded fourfold, so that a bin can be read off near any frequency.
    """
    size = round(WINDOW_SECONDS * sample_rate)
    hop = round(HOP_SECONDS * sample_rate)
    padded = np.pad(wave, (size // 2, size))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    shape = np.hanning(size).astype(np.float32)
    highest = round(HIGHEST_HZ * 1.1 / _bin_hz(sample_rate))
    chunks = [
        np.abs(scipy.fft.rfft(windows[i : i + 512] * shape, 4 * size, axis=1)[:, :highest])
        for i in range(0, len(windows), 512)
    ]
    return np.concatenate(chunks)


def _bin_hz(sample_rate: float) -> float:
    return sample_rate / (4 * round(WINDOW_SECONDS * sample_rate))


def _hear(
    spectra: NDArray[np.float32],
    sample_rate: float,
    played: PlayedNote,
    early_seconds: float,
    late_seconds: float,
) -> HeardNote:
    """Look for the steepest rise from `early_seconds` before a note's due place to after it."""
    hop_seconds = round(HOP_SECONDS * sample_rate) / sample_rate
    due = round(played.start_seconds / hop_seconds)
    # A window is longer than a hop: the rise is taken over one whole window.
    span = round(WINDOW_SECONDS / hop_seconds)
    first = max(due - round(early_seconds / hop_seconds) - span // 2, 0)
    region = spectra[first : due + round(late_seconds / hop_seconds) + span - span // 2]
    own = _harmonics(region, sample_rate, played.note)
    place = int(np.argmax(_flux(own, span)))
    # Where a lower octave still sounds, some harmonics rise little: the best quarter tells.
    floor = 0.003 * own.max() + 1e-9
    rises = 20 * np.log10((own[place + span] + floor) / (own[place] + floor))
    rise = float(np.quantile(rises, 0.75))
    at_place = region[[place, place + span]]
    scores = [_flux(_harmonics(at_place, sample_rate, played.note + n), 1)[0] for n in SEMITONES]
    late = (first + place + span / 2 - due) * hop_seconds
    return HeardNote(late, rise, SEMITONES[int(np.argmax(scores))])


def _flux(harmonics: NDArray[np.float32], span: int) -> NDArray[np.float32]:
    """Say how much the harmonics rise within `span` windows: float32 [time]."""
    # Roots keep one strong harmonic of another note from deciding.
    return np.sqrt(np.maximum(harmonics[span:] - harmonics[:-span], 0)).mean(axis=1)


def _harmonics(region: NDArray[np.float32], sample_rate: float, note: int) -> NDArray[np.float32]:
    """Read the magnitudes at a note's harmonics: float32 [time, harmonic]."""
    numbers = np.arange(1, 65)
    places = numbers * hz(note)
    places = places[(places > LOWEST_HZ) & (places < HIGHEST_HZ)][:N_HARMONICS]
    return region[:, np.round(places / _bin_hz(sample_rate)).astype(int)]
