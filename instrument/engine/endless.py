"""How a note is played on for as long as its key is held: it wanders in its steady part.

A slot holds the note as the model made it, then a texture: the note's steady part at an even level
(see `stationary.py`), then, at the slot's very end, a table of ways back (`loop.py`). A held note
goes over into the texture at the same moment of the note, and from then on takes one way back
after another, by chance, cross-fading. So no two seconds follow each other in step. A decaying
note falls on at its rate meanwhile. A slot without a table has a plain loop, which `read_note`
jumps in.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .envelope import BLOCK
from .kernels import Record, kernel
from .voice import fade_gains, read_note

NATURAL, ENDLESS, ONE_SHOT = range(3)  # as `parameters.NOTE_ENDINGS`

TABLE_FRAMES = 64  # at a slot's end
N_SEAMS_AT, FADE_AT, SHIFT_AT, ENTER_AT, FIRST_SEAM = range(5)
SEAM_NUMBERS = 3  # end, start, correlation
MOST_SEAMS = (TABLE_FRAMES - FIRST_SEAM) // SEAM_NUMBERS

ONE = np.float32(1.0)
SOFTEST = np.float32(1e-9)  # of a note that decays on


def write_table(
    slot: NDArray[np.float32],
    seams: Sequence[tuple[int, int, float]],
    fade_frames: int,
    shift: int,
    enter: int,
) -> None:
    """Write the ways back to a slot's end.

    Args:
        slot: float32 [frame], the whole of it.
        seams: (end, start, correlation); those that find no room are left out.
        fade_frames: Length of the cross-fades, which are over at their seams' ends.
        shift: Frames from a moment of the note to that moment of the texture.
        enter: From which moment on the texture is played.
    """
    table = slot[len(slot) - TABLE_FRAMES :]
    table[:] = 0.0
    rows = seams[:MOST_SEAMS]
    table[:FIRST_SEAM] = len(rows), fade_frames, shift, enter
    table[FIRST_SEAM : FIRST_SEAM + SEAM_NUMBERS * len(rows)] = np.ravel(rows)


def clear_table(slot: NDArray[np.float32]) -> None:
    """Say that a slot's note has no ways back."""
    slot[len(slot) - TABLE_FRAMES :] = 0.0


def read_table(slot: NDArray[np.float32]) -> list[float]:
    """Give a slot's table as it is; nothing if it has no ways back."""
    table = slot[max(len(slot) - TABLE_FRAMES, 0) :]
    return table.tolist() if len(table) == TABLE_FRAMES and table[N_SEAMS_AT] >= 1 else []


@kernel
def _table(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return samples[samples.shape[0] - TABLE_FRAMES :]


@kernel
def place(
    reader: Record,
    samples: NDArray[np.float32],
    moment: float,
    elapsed: float,
    is_endless: bool,
) -> None:
    """Set a reader with a note that can be held to a moment of it.

    Args:
        reader: Record of `reader_dtype`, with its note.
        samples: float32 [frame], its slot.
        moment: Of the note, in its frames.
        elapsed: Frames since the note began: more than `moment` when it has been held.
        is_endless: Whether it is to be held on.
    """
    reader.shift = 0
    reader.way = ONE
    reader.loop_end = 0
    reader.n_seams = 0
    reader.position = moment
    if reader.steady_end == 0:
        return
    length = reader.steady_end - reader.steady_start
    if reader.first_frame > 0:
        reader.loop_end = reader.steady_end
        reader.gain *= np.float32(reader.loop_gain ** (max(elapsed - moment, 0.0) / length))
        _wrap(reader, length)
        return
    table = _table(samples)
    reader.n_seams = int(table[N_SEAMS_AT])
    if reader.n_seams == 0:
        if is_endless:
            reader.loop_end = reader.steady_end
            _wrap(reader, length)
        return
    enter = float(table[ENTER_AT])
    reader.leave_at = enter
    if not is_endless or elapsed < enter:
        return
    fade = float(table[FADE_AT])
    first, last = reader.steady_start + fade, reader.steady_end - 2.0 * fade
    if reader.position > last:
        reader.position = first + (reader.position - enter) % (last - first)
    reader.shift = int(table[SHIFT_AT])
    reader.gain *= np.float32(reader.loop_gain ** ((elapsed - enter) / length))
    _choose(reader, table)


@kernel
def _wrap(reader: Record, length: int) -> None:
    """Bring a reader of a plain loop back into it."""
    if reader.position >= reader.loop_end:
        jumps = np.floor((reader.position - reader.loop_end) / length) + 1.0
        reader.position -= jumps * length
        reader.gain *= np.float32(reader.loop_gain**jumps)


@kernel
def _choose(reader: Record, table: NDArray[np.float32]) -> None:
    """Choose the next way back: any of those ahead, or the last of all."""
    fade = table[FADE_AT]
    n_ahead, latest = 0, 0
    for row in range(reader.n_seams):
        end = table[FIRST_SEAM + SEAM_NUMBERS * row]
        if end > table[FIRST_SEAM + SEAM_NUMBERS * latest]:
            latest = row
        if end - fade >= reader.position + 2.0 * fade:
            n_ahead += 1
    chosen = latest
    if n_ahead > 0:
        # a linear congruential generator: its upper bits are even enough for this
        reader.chance = (reader.chance * 1103515245 + 12345) & 0x7FFFFFFF
        left = (reader.chance >> 12) % n_ahead
        for row in range(reader.n_seams):
            if table[FIRST_SEAM + SEAM_NUMBERS * row] - fade >= reader.position + 2.0 * fade:
                if left == 0:
                    chosen = row
                    break
                left -= 1
    reader.seam = chosen
    reader.leave_at = table[FIRST_SEAM + SEAM_NUMBERS * chosen] - fade


@kernel
def _begin_fade(
    reader: Record, tail: Record, step: float, fade_frames: float, likeness: np.float32
) -> None:
    """Let what now plays go on in the tail; the reader fades in wherever it is then put."""
    tail.position, tail.ratio, tail.slot = reader.position, reader.ratio, reader.slot
    tail.n_frames, tail.shift, tail.gain = reader.n_frames, reader.shift, reader.gain
    tail.loop_end = 0
    reader.way = np.float32(0.0)
    reader.way_step = np.float32(min(BLOCK * step / fade_frames, 1.0))
    reader.likeness = likeness


@kernel
def _turn(
    reader: Record, tail: Record, samples: NDArray[np.float32], step: float, is_endless: bool
) -> None:
    """Begin a cross-fade where one is due: into the texture, back in it, or out of it."""
    table = _table(samples)
    fade = float(table[FADE_AT])
    if not is_endless:
        if reader.shift > 0:
            _begin_fade(reader, tail, step, fade, ONE)
            reader.shift = 0
        return
    if reader.shift == 0:
        # a note that is in its release already goes on to its end
        if table[ENTER_AT] <= reader.position < reader.steady_end - fade:
            _begin_fade(reader, tail, step, fade, ONE)
            reader.shift = int(table[SHIFT_AT])
            _choose(reader, table)
    elif reader.position >= reader.leave_at:
        row = FIRST_SEAM + SEAM_NUMBERS * reader.seam
        _begin_fade(reader, tail, step, fade, table[row + 2])
        reader.position += float(table[row + 1]) - float(table[row])
        _choose(reader, table)


@kernel
def read_on(
    reader: Record,
    tail: Record,
    samples: NDArray[np.float32],
    is_endless: bool,
    step: float,
    end_frames: float,
    gain: np.float32,
    gain_after: np.float32,
    row: NDArray[np.float32],
    delay: int = 0,
) -> None:
    """Add one block of a note to a row, as long as it is asked for; see `voice.read_note`.

    Args:
        reader: Record of `reader_dtype`.
        tail: Another one, for what a cross-fade leaves.
        samples: float32 [frame], the reader's slot.
        is_endless: Whether the note is to be played on.
        step: Note frames per frame.
        end_frames: Length of the fade at the end of a note.
        gain: Factor at the block's start.
        gain_after: Factor at the block's end.
        row: float32 [64], added to.
        delay: Frames of the row before it begins.
    """
    if reader.n_seams == 0:
        if reader.steady_end > 0 and reader.first_frame == 0:
            if not is_endless:
                reader.loop_end = 0
            elif reader.position < reader.steady_end:
                reader.loop_end = reader.steady_end
        read_note(reader, samples, step, end_frames, gain, gain_after, row, delay)
        return
    if reader.way >= ONE:
        _turn(reader, tail, samples, step, is_endless)
    if reader.way >= ONE:
        there = samples[reader.shift :]
        read_note(reader, there, step, end_frames, gain, gain_after, row, delay)
    else:
        after = min(reader.way + reader.way_step, ONE)
        old_0, new_0 = fade_gains(reader.way, reader.likeness, ONE)
        old_1, new_1 = fade_gains(after, reader.likeness, ONE)
        there = samples[tail.shift :]
        read_note(tail, there, step, end_frames, gain * old_0, gain_after * old_1, row)
        here = samples[reader.shift :]
        read_note(reader, here, step, end_frames, gain * new_0, gain_after * new_1, row)
        reader.way = after
        if after >= ONE:
            tail.slot = 0
    if reader.shift > 0 and reader.loop_gain < ONE:
        length = reader.steady_end - reader.steady_start
        fall = np.float32(reader.loop_gain ** (BLOCK * step / length))
        reader.gain *= fall
        tail.gain *= fall
        if reader.gain < SOFTEST:
            reader.gain = tail.gain = np.float32(0.0)
