"""How a note is read from the pool, at any pitch, and what its cross-fades keep level."""

import math

import numpy as np
from numpy.typing import NDArray

from .envelope import BLOCK
from .kernels import Record, inlined, kernel, prefetch

END_SECONDS = 0.010  # a note that just ends is faded so long
CACHE_LINE = 64  # bytes
SHORTEST_LOOP = 16  # frames; less is no loop but a mistake
FADE_PERIODS = 2.0
SHORTEST_FADE_SECONDS, LONGEST_FADE_SECONDS = 0.030, 0.060  # of notes that are alike
UNLIKE_SECONDS = 0.10  # that a fade lasts longer where the two have nothing in common
SECONDS_PER_DB = 0.009  # and for each decibel between them
MOST_BALANCE = 32.0  # 30 dB: what is further apart counts as that

ZERO, HALF, ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)
ONE_BACK, ONE_ON, TWO_ON, THREE_ON = np.uint64(1), np.uint64(1), np.uint64(2), np.uint64(3)
PART_BITS, PARTS = np.uint64(32), 2.0**32  # of a frame, in which places are counted
LARGEST_HALF, HALF_PART = np.uint64(0x7FFFFFFF), np.float32(2.0**-31)
THREE_HALVES, TWO, FIVE_HALVES = np.float32(1.5), np.float32(2.0), np.float32(2.5)


@kernel
def hermite(
    before: np.float32, here: np.float32, after: np.float32, later: np.float32, share: np.float32
) -> np.float32:
    """Interpolate between `here` (share 0) and `after` (share 1), 4 points, 3rd order.

    Source: Catmull and Rom's spline, in the form of Niemitalo, "Polynomial Interpolators for
    High-Quality Resampling of Oversampled Audio", 2001.
    """
    slope = HALF * (after - before)
    cubic = HALF * (later - before) + THREE_HALVES * (here - after)
    square = before - FIVE_HALVES * here + TWO * after - HALF * later
    return ((cubic * share + square) * share + slope) * share + here


@kernel
def frame_at(reader: Record, samples: NDArray[np.float32], index: int) -> np.float32:
    """Give a note's frame: 0 outside the note, and past the loop's end what the loop will play."""
    if index < 0:
        return ZERO
    if reader.loop_end == 0:
        return samples[index] if index < reader.n_frames else ZERO
    if index < reader.loop_end:
        return samples[index]
    length = reader.loop_end - reader.loop_start
    return reader.loop_gain * samples[reader.loop_start + (index - reader.loop_end) % length]


@kernel
def _read_carefully(
    reader: Record,
    samples: NDArray[np.float32],
    step: float,
    gain: np.float32,
    gain_step: np.float32,
    row: NDArray[np.float32],
) -> None:
    """Add a run of frames near the start, the end or the loop point of a note."""
    for i in range(row.shape[0]):
        position = reader.position + i * step
        index = int(position)
        wave = hermite(
            frame_at(reader, samples, index - 1),
            frame_at(reader, samples, index),
            frame_at(reader, samples, index + 1),
            frame_at(reader, samples, index + 2),
            np.float32(position - index),
        )
        row[i] += wave * (gain + gain_step * np.float32(i))


@kernel
def _read_uneven(
    samples: NDArray[np.float32],
    position: float,
    step: float,
    gain: np.float32,
    gain_step: np.float32,
    row: NDArray[np.float32],
) -> None:
    """Add a run well inside a note, at any pitch.

    Places are whole numbers, of frames and of their 2^32nd parts: 132 ns a block, where rounding
    and converting floating-point ones takes 208.
    """
    first = np.uint64(position)
    start, pace = np.uint64((position - math.floor(position)) * PARTS), np.uint64(step * PARTS)
    for i in range(row.shape[0]):
        place = start + pace * np.uint64(i)
        here = first + (place >> PART_BITS)
        share = np.float32(np.int32((place >> ONE_ON) & LARGEST_HALF)) * HALF_PART
        wave = hermite(
            samples[here - ONE_BACK],
            samples[here],
            samples[here + ONE_ON],
            samples[here + TWO_ON],
            share,
        )
        row[i] += wave * (gain + gain_step * np.float32(i))


@kernel
def _read_near(
    samples: NDArray[np.float32],
    position: float,
    step: float,
    gain: np.float32,
    gain_step: np.float32,
    row: NDArray[np.float32],
) -> None:
    """Add a block that drifts by less than a frame against the note: the usual case.

    Each frame reads one further than the last but at one place, where the points are moved on by
    one. Choosing them frame by frame, without a branch and for a length that the compiler knows,
    makes vectors of the whole.
    """
    first = np.int64(math.floor(position + min(0.0, (BLOCK - 1) * (step - 1.0))))
    share_0, share_step = np.float32(position - first), np.float32(step - 1.0)
    for i in range(BLOCK):
        here = np.uint64(first + i)
        share = share_0 + share_step * np.float32(i)  # 0..2
        is_next = share >= ONE
        p0, p1, p2 = samples[here - ONE_BACK], samples[here], samples[here + ONE_ON]
        p3, p4 = samples[here + TWO_ON], samples[here + THREE_ON]
        wave = hermite(
            p1 if is_next else p0,
            p2 if is_next else p1,
            p3 if is_next else p2,
            p4 if is_next else p3,
            share - ONE if is_next else share,
        )
        row[i] += wave * (gain + gain_step * np.float32(i))


@kernel
def _copy(
    samples: NDArray[np.float32],
    index: int,
    gain: np.float32,
    gain_step: np.float32,
    row: NDArray[np.float32],
) -> None:
    """Add a run at the note's own pitch: its very samples."""
    for i in range(row.shape[0]):
        row[i] += samples[np.uint64(index + i)] * (gain + gain_step * np.float32(i))


@kernel
def _read_inside(
    samples: NDArray[np.float32],
    position: float,
    step: float,
    gain: np.float32,
    gain_step: np.float32,
    row: NDArray[np.float32],
) -> None:
    """Add a run well inside a note, in the quickest way."""
    n = row.shape[0]
    if step == 1.0 and position == math.floor(position):
        _copy(samples, int(position), gain, gain_step, row)
        return
    if n == BLOCK and (BLOCK - 1) * abs(step - 1.0) < 1.0 and position >= 2.0:
        _read_near(samples, position, step, gain, gain_step, row)
        return
    _read_uneven(samples, position, step, gain, gain_step, row)


@kernel
def _frames_before(limit: float, position: float, step: float, most: int) -> int:
    """Count the frames, 0 to `most`, that read before a limit."""
    return int(min(max(math.ceil((limit - position) / step), 0.0), float(most)))


@kernel
def end_gain(reader: Record, step: float, end_frames: float, ahead: int) -> np.float32:
    """Give the factor that fades out a note without a loop before its frames run out.

    It reaches 0 a block early, so that a ramp over whole blocks is down in time.
    """
    if reader.loop_end > 0:
        return ONE
    left = (reader.n_frames - reader.position) / step - ahead - BLOCK
    return np.float32(min(max(left / end_frames, 0.0), 1.0))


@kernel
def _is_well_inside(reader: Record, step: float, end_frames: float) -> bool:
    """Say whether a block's frames are all within a note, and before the fade at its end."""
    last = reader.position + BLOCK * step
    if reader.position < 1.0:
        return False
    if reader.loop_end > 0:
        return last < reader.loop_end - 4.0
    return last + (BLOCK + end_frames) * step < reader.n_frames - 4.0


@inlined
def fetch_ahead(samples: NDArray[np.float32], position: float, step: float) -> None:
    """Have the frames of the next block brought near: the notes of many voices fit no cache."""
    first = samples.ctypes.data + 4 * int(position)
    last = min(first + int(4.0 * BLOCK * step), samples.ctypes.data + 4 * samples.shape[0])
    for address in range(first, last, CACHE_LINE):
        prefetch(address)


@kernel
def read_note(
    reader: Record,
    samples: NDArray[np.float32],
    step: float,
    end_frames: float,
    gain: np.float32,
    gain_after: np.float32,
    row: NDArray[np.float32],
    delay: int = 0,
) -> None:
    """Add one block of a note to a row, and advance its reader.

    Args:
        reader: Record of `reader_dtype`.
        samples: float32 [frame], the reader's slot.
        step: Note frames per frame.
        end_frames: Length of the fade at the end of a note without a loop.
        gain: Factor at the block's start.
        gain_after: Factor at the block's end; between them a ramp.
        row: float32 [64], added to.
        delay: Frames of the row before it begins.
    """
    if _is_well_inside(reader, step, end_frames) and delay == 0:
        slope = (gain_after - gain) / np.float32(BLOCK) * reader.gain
        _read_inside(samples, reader.position, step, gain * reader.gain, slope, row)
        reader.position += BLOCK * step
        fetch_ahead(samples, reader.position, step)
        return
    first = gain * end_gain(reader, step, end_frames, 0)
    gain_step = (gain_after * end_gain(reader, step, end_frames, BLOCK) - first) / np.float32(BLOCK)
    looped = reader.loop_end > 0
    limit = reader.loop_end if looped else reader.n_frames
    i = delay
    while i < BLOCK:
        if reader.position >= limit:
            if not looped:
                reader.position += (BLOCK - i) * step
                return
            reader.position -= reader.loop_end - reader.loop_start
            reader.gain *= reader.loop_gain
            continue
        n = max(_frames_before(limit, reader.position, step, BLOCK - i), 1)
        now = (first + gain_step * np.float32(i)) * reader.gain
        slope = gain_step * reader.gain
        # the four points must all lie inside: one frame of headroom for rounding
        n_inside = _frames_before(limit - 3.0, reader.position, step, n)
        if reader.position < 1.0:
            n = min(n, max(_frames_before(1.0, reader.position, step, n), 1))
            _read_carefully(reader, samples, step, now, slope, row[i : i + n])
        elif n_inside > 0:
            n = n_inside
            _read_inside(samples, reader.position, step, now, slope, row[i : i + n])
        else:
            _read_carefully(reader, samples, step, now, slope, row[i : i + n])
        reader.position += n * step
        i += n
    fetch_ahead(samples, reader.position, step)


@kernel
def fade_gains(
    way: np.float32, likeness: np.float32, balance: np.float32 = ONE
) -> tuple[np.float32, np.float32]:
    """Give both factors of a cross-fade whose level goes evenly, in dB, from one to the other.

    Args:
        way: 0 (the old one only) to 1 (the new one only).
        likeness: Correlation of the two: 1 makes it equal-gain, 0 equal-power.
        balance: Level of the new one re the old one.
    """
    new = way * way * (np.float32(3.0) - TWO * way)
    old = ONE - new
    added = new * balance
    power = old * old + added * added + TWO * likeness * old * added
    level = ONE
    if balance != ONE:
        level = np.float32(math.pow(balance, new))
    scale = level / np.float32(math.sqrt(power))
    return old * scale, new * scale


@kernel
def fade_seconds(period_seconds: float, likeness: float, balance: float) -> float:
    """Give how long a cross-fade takes: the less alike the two are, the longer.

    Args:
        period_seconds: Of the pitch.
        likeness: Correlation of the two, 0..1.
        balance: Level of the new one re the old one, above 0.
    """
    alike = min(max(FADE_PERIODS * period_seconds, SHORTEST_FADE_SECONDS), LONGEST_FADE_SECONDS)
    apart_db = abs(20.0 * math.log10(balance))
    return alike + UNLIKE_SECONDS * (1.0 - likeness) + SECONDS_PER_DB * apart_db


@kernel
def has_ended(reader: Record) -> bool:
    """Say whether a reader has nothing more to give."""
    if reader.loop_end > 0:
        return False
    return reader.position >= reader.n_frames - BLOCK * reader.ratio
