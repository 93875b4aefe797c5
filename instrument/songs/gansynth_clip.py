"""A song as the original GANSynth renders it: random instruments in time, every note cut and added.

A compatibility mode with the original's numbers, flaws included, but for those that crash it or
make its sound no number: too short a song has two instruments, and a silent note stays silent.

Source: magenta/magenta (Apache-2.0), `models/gansynth/lib/generate_util.py`: its numbers and
their order; written anew.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .song_notes import SongNote

LOWEST_PITCH, HIGHEST_PITCH = 36, 84
INSTRUMENT_SECONDS = 6.0
LONGEST_HOLD_SECONDS = 3.0
ATTACK_SECONDS = 0.010
RELEASE_SECONDS = 0.3
FIRST_INSTRUMENT_SECONDS = -0.0001  # just before the first note can begin
PEAK = 0.5
_STRAIGHT = 1e-6  # sine of the angle below which two latents have one direction

Latents = NDArray[np.float64]
Wave = NDArray[np.float32]


def playable_notes(notes: Sequence[SongNote], pitches: range) -> list[SongNote]:
    """Leave out the notes that the original does not play, or the model can't: order stays."""
    low, high = max(LOWEST_PITCH, pitches[0]), min(HIGHEST_PITCH, pitches[-1])
    return [note for note in notes if low <= note.pitch <= high]


def draw_gaussian(n: int, latent_size: int, seed: int) -> Latents:
    """Draw latents as the original does after `numpy.random.seed(seed)`: float64 [n, latent].

    Args:
        n: How many.
        latent_size: Numbers in each.
        seed: 0 to 2^32 - 1.
    """
    return np.random.RandomState(seed).normal(size=(n, latent_size))


def instrument_times(total_seconds: float, instrument_seconds: float) -> NDArray[np.float64]:
    """Say when the random instruments stand: float64 [n], evenly from the beginning to the end.

    The original has as many as whole steps fit, and needs two to go from one to the other; it
    stops with an error, or makes a file of no numbers, where there are fewer. Here there are two.

    Args:
        total_seconds: End of the note that is listed last.
        instrument_seconds: Of one step; above 0.
    """
    n = max(int(total_seconds / instrument_seconds), 2)
    return np.linspace(FIRST_INSTRUMENT_SECONDS, total_seconds, n)


def note_latents(
    starts: Sequence[float], instruments: Latents, times: NDArray[np.float64]
) -> Latents:
    """Give each note the latent between the two instruments around its beginning.

    A note that begins after the last instrument lies beyond it on the same great circle.

    Args:
        starts: When the notes begin, in seconds.
        instruments: float64 [n, latent], at least two.
        times: float64 [n], when they stand.

    Returns:
        float64 [note, latent].
    """
    latents = np.empty((len(starts), instruments.shape[1]))
    for i, start in enumerate(starts):
        left = int(np.searchsorted(times, start, side="left")) - 1
        left = min(left, len(times) - 2)
        share = (start - times[left]) / (times[left + 1] - times[left])
        latents[i] = slerp(instruments[left], instruments[left + 1], share)
    return latents


def slerp(start: Latents, end: Latents, t: float) -> Latents:
    """Go from one latent, [latent], to another along the great circle, in float64.

    Equal and opposite directions, for which the original gives no number, are joined straight.
    """
    cosine = np.dot(start / np.linalg.norm(start), end / np.linalg.norm(end))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    sine = np.sin(angle)
    if sine < _STRAIGHT:
        return (1.0 - t) * start + t * end
    return np.sin((1.0 - t) * angle) / sine * start + np.sin(t * angle) / sine * end


def envelope(hold_seconds: float, sample_rate: int) -> NDArray[np.float64]:
    """Give a note's gain: float64 [sample], linear attack within the hold, linear release after.

    Args:
        hold_seconds: How long the key is down; at most 3 s count.
        sample_rate: In Hz.
    """
    n_attack = int(sample_rate * ATTACK_SECONDS)
    n_hold = int(sample_rate * min(hold_seconds, LONGEST_HOLD_SECONDS))
    n_release = int(sample_rate * RELEASE_SECONDS)
    gain = np.ones(n_hold + n_release)
    gain[:n_attack] = np.linspace(0.0, 1.0, n_attack)
    gain[n_hold:] = np.linspace(1.0, 0.0, n_release)
    return gain


def combine(
    notes: Sequence[SongNote],
    waves: Iterable[Wave],
    sample_rate: int,
    progress: Callable[[float, float, str], None] = lambda _done, _total, _word: None,
) -> Wave:
    """Add notes up to a clip.

    Each is cut to its length, brought to a highest sample of 1 and to its velocity; the sum's
    highest sample is 0.5.

    Args:
        notes: At least one.
        waves: float32 [sample] for each note, whole and as the network makes it.
        sample_rate: Of the waves, in Hz.
        progress: Told how many notes are done, how many there are, and "".

    Returns:
        float32 [sample].
    """
    seconds = max(note.end_seconds for note in notes) + LONGEST_HOLD_SECONDS
    clip = np.zeros(int(seconds) * sample_rate)
    for i, (note, wave) in enumerate(zip(notes, waves, strict=True)):
        gain = envelope(note.end_seconds - note.start_seconds, sample_rate)
        sound = wave[: len(gain)] * gain[: len(wave)]
        highest = sound.max(initial=0.0)
        if highest > 0.0:
            start = int(note.start_seconds * sample_rate)
            sound *= note.velocity / 127.0 / highest
            room = clip[start : start + len(sound)]
            room += sound[: len(room)]
        progress(i + 1, len(notes), "")
    highest = clip.max(initial=0.0)
    if highest > 0.0:
        clip *= PEAK / highest
    return clip.astype(np.float32)
