"""The engine as PortAudio's C callback: without Python; and the clock that it is timed by."""

import ctypes
import math
import sys
from functools import cache
from typing import Any

import numba
import numpy as np
from numba import carray, types  # type: ignore[attr-defined]
from numpy.typing import NDArray

from .envelope import BLOCK
from .kernels import (
    FAST_MATH,
    Record,
    call_clock_gettime,
    call_performance_counter,
    inlined,
    kernel,
    pointer,
)
from .layers import N_LAYERS
from .machine import fill
from .ring import N_BOXES, RING_SIZE, event_dtype, key_dtype
from .state import TAPE_FRAMES, Machine, reel_dtype, state_dtype
from .voice_record import reader_dtype, voice_dtype
from .voice_wave import N_READERS

UNDERFLOW_FLAG, PRIMING_FLAG = 4, 16  # paOutputUnderflow, paPrimingOutput
CLOCK_HZ = 0.5  # bandwidth of the steadied clock
LOAD_SECONDS = 0.2  # that the load is averaged over
N_ARRAYS = len(Machine._fields)

WINDOWS = sys.platform == "win32"


@kernel
def now_seconds(state: Record) -> float:
    """Read the clock of `time.monotonic` without Python."""
    clock = state.clock
    if WINDOWS:
        call_performance_counter(state.clock_function, clock.ctypes.data)
        return clock[0] / state.clock_id
    call_clock_gettime(state.clock_function, state.clock_id, clock.ctypes.data)
    return clock[0] + 1e-9 * clock[1]


def system_clock() -> tuple[int, int]:
    """Find the system's clock: its address, and its number or its ticks a second."""
    if WINDOWS:
        windows = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
        ticks = ctypes.c_int64()
        windows.QueryPerformanceFrequency(ctypes.byref(ticks))
        return _address(windows.QueryPerformanceCounter), ticks.value
    system = ctypes.CDLL(None)
    mac_uptime_raw, posix_monotonic = 8, 1
    return _address(system.clock_gettime), (
        mac_uptime_raw if sys.platform == "darwin" else posix_monotonic
    )


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@inlined
def start_device_block(m: Machine, n_frames: int, flags: int) -> float:
    """Take down what the device says, and when it asked; give that time in seconds."""
    state = m.state[0]
    start = now_seconds(state)
    state.asked_seconds = start
    state.asked_frames = state.frame - state.left_over
    if flags & UNDERFLOW_FLAG and not flags & PRIMING_FLAG:
        state.underflows += 1
    if state.is_even == 1 and not WINDOWS:  # there time.monotonic is another clock
        state.origin_seconds = steady_clock(state, start, n_frames) - n_frames / state.sample_rate
        state.origin_frame = state.frame - state.left_over
        if n_frames % BLOCK > 0:  # the inner block that an event falls into may be made already
            state.origin_frame += BLOCK
    return start


@kernel
def steady_clock(state: Record, now: float, n_frames: int) -> float:
    """Give the time at which a block should have been asked for: the device's even pace.

    The device's thread wakes a little later now and more so then; events are placed by the pace
    behind that. A block that comes a whole block late starts it anew.

    Source: Adriaensen, "Using a DLL to filter time", 2005.
    """
    lasts = n_frames / state.sample_rate
    error = now - state.next_seconds
    if n_frames != state.period_frames or abs(error) > lasts:
        state.period_frames, state.period_seconds = n_frames, lasts
        state.next_seconds = now + lasts
        return now
    turn = 2.0 * math.pi * CLOCK_HZ * lasts
    here = state.next_seconds
    state.next_seconds += state.period_seconds + math.sqrt(2.0) * turn * error
    state.period_seconds += turn * turn * error
    return here


@inlined
def end_device_block(m: Machine, n_frames: int, start_seconds: float) -> None:
    """Count a device's block, and how long it took."""
    state = m.state[0]
    lasts = n_frames / state.sample_rate
    took = now_seconds(state) - start_seconds
    if took > lasts:
        state.late_blocks += 1
    state.load += min(lasts / LOAD_SECONDS, 1.0) * (took / lasts - state.load)
    state.origin_seconds = -1.0
    state.blocks += 1


@inlined
def machine_at(addresses: NDArray[np.uint64]) -> Machine:
    """Find all arrays again from their addresses, in the order of `Machine`, and three sizes."""
    a = addresses
    n_voices, n_slots, n_frames = int(a[N_ARRAYS]), int(a[N_ARRAYS + 1]), int(a[N_ARRAYS + 2])
    return Machine(
        carray(pointer(a[0]), (1,), state_dtype),
        carray(pointer(a[1]), (N_LAYERS, N_BOXES), key_dtype),
        carray(pointer(a[2]), (N_LAYERS, N_BOXES), key_dtype),
        carray(pointer(a[3]), (RING_SIZE,), event_dtype),
        carray(pointer(a[4]), (n_voices,), voice_dtype),
        carray(pointer(a[5]), (n_voices, N_READERS), reader_dtype),
        carray(pointer(a[6]), (1,), reel_dtype),
        carray(pointer(a[7]), (TAPE_FRAMES, 2), np.float32),
        carray(pointer(a[8]), (n_slots, n_frames), np.float32),
    )


def render_callback(
    _input: int, output: Any, n_frames: int, time_info: int, flags: int, user_data: Any
) -> int:
    """Be PortAudio's PaStreamCallback; without time information a plain, unclocked fill."""
    m = machine_at(carray(user_data, (N_ARRAYS + 3,), np.uint64))
    start_seconds = 0.0
    if time_info:
        start_seconds = start_device_block(m, int(n_frames), int(flags))
    fill(m, carray(output, (int(n_frames), 2), np.float32))
    if time_info:
        end_device_block(m, int(n_frames), start_seconds)
    return 0


# C's `unsigned long` has 32 bits on Windows and as many as a pointer elsewhere.
_UNSIGNED_LONG = types.uint32 if ctypes.sizeof(ctypes.c_ulong) == 4 else types.uint64
_PA_STREAM_CALLBACK = types.int32(
    types.uintp, types.voidptr, _UNSIGNED_LONG, types.uintp, _UNSIGNED_LONG, types.voidptr
)


@cache
def compiled_callback() -> Any:
    """Compile the callback, or take it from the cache of an earlier run."""
    compile_callback = numba.cfunc(
        _PA_STREAM_CALLBACK, cache=True, error_model="numpy", fastmath=FAST_MATH
    )
    return compile_callback(render_callback)
