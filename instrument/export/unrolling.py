"""A note that decays through its loop, written out: samplers repeat a loop at one level only."""

import numpy as np

from instrument.engine.pool import NoteInfo

from .sampled import Wave

ENDED_DB = -60.0
LONGEST_SECONDS = 12.0
FADE_SECONDS = 1.5  # of a note that would still be heard after so long
GUARD_FRAMES = 64  # behind a loop, for a sampler's interpolation


def written_out(slot: Wave, note: NoteInfo) -> tuple[Wave, tuple[int, int] | None]:
    """Give a note's samples at its own level, and its loop if that keeps its level.

    A loop that falls with each repetition is repeated until it is 60 dB softer than its beginning,
    or for 12 s, of which the last fade it out.

    Args:
        slot: float32 [frame], as the note lies in the pool.
        note: How the engine plays it.

    Returns:
        float32 [frame], and the loop as in `Sample`.
    """
    level = np.float32(note.gain)
    if note.loop_end == 0:
        return slot[: note.n_frames] * level, None
    if note.loop_gain >= 1.0:
        n_frames = min(note.n_frames, note.loop_end + GUARD_FRAMES)
        return slot[:n_frames] * level, (note.loop_start, note.loop_end)
    length = note.loop_end - note.loop_start
    most = max(round(LONGEST_SECONDS * note.sample_rate), note.loop_end)
    fall_db = 20 * np.log10(max(note.loop_gain, 1e-6))
    n_repeats = min(int(np.ceil(ENDED_DB / fall_db)), -((note.loop_end - most) // length))
    loop = slot[note.loop_start : note.loop_end]
    repeats = [loop * np.float32(note.loop_gain**n) for n in range(1, n_repeats + 1)]
    wave = np.concatenate([slot[: note.loop_end], *repeats])[:most] * level
    n_fade = min(round(FADE_SECONDS * note.sample_rate), len(wave) - 1)
    wave[-n_fade:] *= np.cos(np.linspace(0, np.pi / 2, n_fade, dtype=np.float32)) ** 2
    return wave, None
