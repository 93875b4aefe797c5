"""What a voice reads: its note, or two notes while it is cross-faded from one to the other.

A voice has four readers: one plays, one is for the note that it is being cross-faded to, and each
has a tail for its own cross-fades within a note.
"""

import numpy as np
from numpy.typing import NDArray

from .endless import read_on
from .envelope import BLOCK
from .kernels import Record, kernel
from .voice import fade_gains

N_READERS = 4
TAIL = 2  # from a reader to its tail
ZERO, ONE = np.float32(0.0), np.float32(1.0)


@kernel
def voice_wave(
    voice: Record,
    readers: NDArray[Record],
    pool: NDArray[np.float32],
    is_endless: bool,
    step: float,
    end_frames: float,
    row: NDArray[np.float32],
) -> None:
    """Write one block of what a voice reads, and advance it and its cross-fade.

    Args:
        voice: Record of `voice_dtype`.
        readers: Its four records of `reader_dtype`.
        pool: float32 [slot, frame].
        is_endless: Whether its note is played on for as long as it is held.
        step: Frames of the voice's own pitch per frame: bend, tune and vibrato.
        end_frames: As in `read_note`.
        row: float32 [64], overwritten.
    """
    for i in range(BLOCK):
        row[i] = ZERO
    old = readers[voice.front]
    voice.elapsed += (BLOCK - voice.delay) * step
    if voice.fading == 0:
        tail, samples = readers[voice.front + TAIL], pool[old.slot]
        pace, delay = step * old.ratio, voice.delay
        read_on(old, tail, samples, is_endless, pace, end_frames, ONE, ONE, row, delay)
        return
    after = min(voice.fade + voice.fade_step, ONE)
    old_0, new_0 = fade_gains(voice.fade, voice.likeness, voice.balance)
    old_1, new_1 = fade_gains(after, voice.likeness, voice.balance)
    for which in range(2):
        gain, gain_after = (old_0, old_1) if which == voice.front else (new_0, new_1)
        reader, tail = readers[which], readers[which + TAIL]
        read_on(
            reader,
            tail,
            pool[reader.slot],
            is_endless,
            step * reader.ratio,
            end_frames,
            gain,
            gain_after,
            row,
        )
    voice.fade = after
    if after >= ONE:
        old.slot = 0
        readers[voice.front + TAIL].slot = 0
        voice.front = 1 - voice.front
        voice.fading = 0
