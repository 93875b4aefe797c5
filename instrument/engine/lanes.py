"""Sixteen voices side by side, from their waves to the mix in one pass: filter, envelope, place.

The recursion of a filter waits for its own last result, so one voice at a time leaves the processor
idle; sixteen fill its vectors. What stands still in most blocks, the filter's coefficients, the
place and an envelope that decays to its sustain, has a kernel of its own that does not move it.
"""

import numpy as np
from numpy.typing import NDArray

from .envelope import BLOCK
from .kernels import FLOAT_BYTES, kernel, transpose_8_by_8

A1, A2, A3, WET, STATE_1, STATE_2, GAIN, LEFT, RIGHT, TARGET, DISTANCE, ENERGY = range(12)
D_A1, D_A2, D_A3, D_WET, D_GAIN, D_LEFT, D_RIGHT = range(12, 19)
"""Rows of the lanes: the filter's coefficients and share of filtered sound; its state; gain and
place; where the envelope goes and how far that is; the energy of the block; and the steps per frame
of those that move."""
N_LANE_ROWS = 19

LANES = 16
TWO = np.float32(2.0)
ZERO = np.float32(0.0)
TINY = np.float32(1e-15)  # below this a state is zero: denormal numbers are slow


@kernel
def transpose(source: NDArray[np.float32], target: NDArray[np.float32]) -> None:
    """Swap the axes: float32 [8 m, 8 n] to float32 [8 n, 8 m], both contiguous."""
    n_rows, n_columns = source.shape
    source_stride, target_stride = FLOAT_BYTES * n_columns, FLOAT_BYTES * n_rows
    for row in range(0, n_rows, 8):
        for column in range(0, n_columns, 8):
            transpose_8_by_8(
                source.ctypes.data + row * source_stride + FLOAT_BYTES * column,
                source_stride,
                target.ctypes.data + column * target_stride + FLOAT_BYTES * row,
                target_stride,
            )


@kernel
def mix_still_lanes(
    waves: NDArray[np.float32],
    lanes: NDArray[np.float32],
    curve: NDArray[np.float32],
    mix: NDArray[np.float32],
) -> None:
    """Filter and mix sixteen voices in which only the gain moves, and the level along a curve.

    Args:
        waves: float32 [64, lane].
        lanes: float32 [19, lane]; states are advanced, energies written.
        curve: float32 [64], the share of the envelope's distance that is left.
        mix: float32 [2, 64], left and right, overwritten.
    """
    for i in range(BLOCK):
        left = right = ZERO
        for lane in range(LANES):
            x = waves[i, lane]
            state_1, state_2 = lanes[STATE_1, lane], lanes[STATE_2, lane]
            high = x - state_2
            band = lanes[A1, lane] * state_1 + lanes[A2, lane] * high
            low = state_2 + lanes[A2, lane] * state_1 + lanes[A3, lane] * high
            lanes[STATE_1, lane] = TWO * band - state_1
            lanes[STATE_2, lane] = TWO * low - state_2
            wave = x + lanes[WET, lane] * (low - x)
            level = lanes[TARGET, lane] + lanes[DISTANCE, lane] * curve[i]
            gain = lanes[GAIN, lane] + lanes[D_GAIN, lane] * np.float32(i)
            wave *= level * gain
            lanes[ENERGY, lane] += wave * wave
            left += wave * lanes[LEFT, lane]
            right += wave * lanes[RIGHT, lane]
        mix[0, i], mix[1, i] = left, right


@kernel
def mix_moving_lanes(
    waves: NDArray[np.float32],
    lanes: NDArray[np.float32],
    levels: NDArray[np.float32],
    mix: NDArray[np.float32],
) -> None:
    """Filter and mix sixteen voices in which everything may move.

    Args:
        waves: float32 [64, lane].
        lanes: float32 [19, lane]; coefficients and states are advanced, energies written.
        levels: float32 [64, lane], of the envelopes.
        mix: float32 [2, 64], left and right, overwritten.
    """
    for i in range(BLOCK):
        left = right = ZERO
        frame = np.float32(i)
        for lane in range(LANES):
            x = waves[i, lane]
            state_1, state_2 = lanes[STATE_1, lane], lanes[STATE_2, lane]
            lanes[A1, lane] += lanes[D_A1, lane]
            lanes[A2, lane] += lanes[D_A2, lane]
            lanes[A3, lane] += lanes[D_A3, lane]
            lanes[WET, lane] += lanes[D_WET, lane]
            high = x - state_2
            band = lanes[A1, lane] * state_1 + lanes[A2, lane] * high
            low = state_2 + lanes[A2, lane] * state_1 + lanes[A3, lane] * high
            lanes[STATE_1, lane] = TWO * band - state_1
            lanes[STATE_2, lane] = TWO * low - state_2
            wave = x + lanes[WET, lane] * (low - x)
            wave *= levels[i, lane] * (lanes[GAIN, lane] + lanes[D_GAIN, lane] * frame)
            lanes[ENERGY, lane] += wave * wave
            left += wave * (lanes[LEFT, lane] + lanes[D_LEFT, lane] * frame)
            right += wave * (lanes[RIGHT, lane] + lanes[D_RIGHT, lane] * frame)
        mix[0, i], mix[1, i] = left, right


@kernel
def calm_states(lanes: NDArray[np.float32]) -> None:
    """Take states that are next to nothing as nothing."""
    for lane in range(LANES):
        for row in (STATE_1, STATE_2):
            if abs(lanes[row, lane]) < TINY:
                lanes[row, lane] = ZERO
