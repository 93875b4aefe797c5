"""A recorded note read from a file and made ready to be matched: at a model's rate and pitch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from .heard_pitch import hear_pitch

Wave = NDArray[np.float32]

SHORTEST_SECONDS = 0.1
LONGEST_SECONDS = 60.0
_SILENT_DB = -60.0
_ONSET_DB = -40.0  # under the peak
_BEFORE_ONSET_SECONDS = 0.003


class RecordedNoteError(ValueError):
    """A file can't be taken for a note; the message says why and what to do."""


@dataclass(frozen=True)
class RecordedNote:
    """A note as a model could make it.

    Attributes:
        wave: float32 [sample], mono, peak 1, from its attack on, at the model's rate, brought to
            `pitch`.
        sample_rate: In Hz.
        pitch: MIDI number, one of the model's.
        heard: What the file sounds, a MIDI number with its fraction.
    """

    wave: Wave
    sample_rate: int
    pitch: int
    heard: float


def read_note(
    path: Path,
    sample_rate: int,
    pitches: range,
    n_samples: int,
    *,
    pitch: int | None = None,
) -> RecordedNote:
    """Read a recording of a single note.

    A note that is out of tune, or that the model can't play, is brought to the nearest pitch that
    it can, by playing it faster or slower.

    Args:
        path: WAV, FLAC or whatever libsndfile reads.
        sample_rate: The model's, in Hz.
        pitches: The model's.
        n_samples: Of the model's notes; what comes later is cut.
        pitch: What the file sounds, where that is known: it is heard otherwise.

    Raises:
        RecordedNoteError: If it can't be read, is too short or too long, silent, or has no pitch.
    """
    wave, rate = _read(path)
    wave = _from_onset(path, wave, rate)
    heard = float(pitch) if pitch is not None else hear_pitch(wave, rate)
    if heard is None:
        raise RecordedNoteError(
            f"{path} has no clear pitch: it may be noise, a chord or a glide. Choose a single "
            "note, or say its pitch."
        )
    nearest = min(max(round(heard), pitches[0]), pitches[-1])
    # played so much faster, it sounds higher by what is missing
    ratio = 2 ** ((nearest - heard) / 12) if pitch is None or nearest != pitch else 1.0
    needed = int(np.ceil((n_samples + 1) * ratio * rate / sample_rate)) + 1
    tuned = soxr.resample(wave[:needed], rate * ratio, sample_rate)[:n_samples]
    tuned = tuned / max(float(np.abs(tuned).max(initial=0.0)), 1e-9)
    return RecordedNote(tuned.astype(np.float32), sample_rate, nearest, heard)


def _read(path: Path) -> tuple[Wave, int]:
    """Read a file as float32 [sample], mono, and its rate.

    Raises:
        RecordedNoteError: If it can't be read, or is not of numbers, or too long.
    """
    try:
        with path.open("rb") as opened, soundfile.SoundFile(opened) as file:
            if file.frames > LONGEST_SECONDS * file.samplerate:
                raise RecordedNoteError(
                    f"{path} is {file.frames / file.samplerate:.0f} s long; a note is at most "
                    f"{LONGEST_SECONDS:.0f} s. Cut out a single note."
                )
            channels = file.read(dtype="float32", always_2d=True)
            rate = int(file.samplerate)
    except OSError as error:
        raise RecordedNoteError(f"{path} can't be read: {error.strerror}.") from error
    except soundfile.SoundFileError as error:
        raise RecordedNoteError(
            f"{path} is no recording that can be read, or it is damaged. Choose a WAV or a FLAC."
        ) from error
    if not np.isfinite(channels).all():
        raise RecordedNoteError(f"{path} holds samples that are not numbers. Record it again.")
    # of two channels that are out of phase the mean would be silence
    mean = channels.mean(axis=1) if channels.size else np.zeros(0, np.float32)
    loudest = channels[:, np.square(channels).sum(axis=0).argmax()] if channels.size else mean
    is_cancelled = np.square(mean).sum() < 0.1 * np.square(loudest).sum()
    return loudest if is_cancelled else mean, rate


def _from_onset(path: Path, wave: Wave, rate: int) -> Wave:
    """Cut the silence before a note.

    Raises:
        RecordedNoteError: If there is nothing else, or hardly anything.
    """
    wave = wave - wave.mean() if len(wave) else wave
    peak = float(np.abs(wave).max(initial=0.0))
    if len(wave) and peak < 10 ** (_SILENT_DB / 20):
        raise RecordedNoteError(f"{path} is silent, or nearly. Record it louder.")
    onset = int((np.abs(wave) > peak * 10 ** (_ONSET_DB / 20)).argmax()) if len(wave) else 0
    cut = wave[max(0, onset - round(_BEFORE_ONSET_SECONDS * rate)) :]
    if len(cut) < SHORTEST_SECONDS * rate:
        raise RecordedNoteError(
            f"{path} is too short: a note must sound for at least {SHORTEST_SECONDS:g} s."
        )
    return cut
