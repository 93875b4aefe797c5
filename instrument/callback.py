"""The engine as PortAudio's C callback: without Python; and the clock that it is timed by."""

import ctypes
import sys
from functools import cache
from typing import Any

import numba
import numpy as np
from numba import carray, types  # type: ignore[attr-defined]
from numpy.typing import NDArray

from .kernels import (
    FAST_MATH,
    Record,
    call_clock_gettime,
    call_performance_counter,
    inlined,
    kernel,
    pointer,
)
from .machine import STAMPED_FRAMES, fill
from .ring import N_NOTES, RING_SIZE, event_dtype, key_dtype
from .state import Machine, state_dtype
from .voice_record import reader_dtype, voice_dtype

UNDERFLOW_FLAG, PRIMING_FLAG = 4, 16  # paOutputUnderflow, paPrimingOutput
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
    if flags & UNDERFLOW_FLAG and not flags & PRIMING_FLAG:
        state.underflows += 1
    if n_frames > STAMPED_FRAMES and not WINDOWS:  # there time.monotonic is another clock
        state.origin_seconds = start - n_frames / state.sample_rate
        state.origin_frame = state.frame - state.left_over
    return start


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
        carray(pointer(a[1]), (N_NOTES,), key_dtype),
        carray(pointer(a[2]), (N_NOTES,), key_dtype),
        carray(pointer(a[3]), (RING_SIZE,), event_dtype),
        carray(pointer(a[4]), (n_voices,), voice_dtype),
        carray(pointer(a[5]), (n_voices, 2), reader_dtype),
        carray(pointer(a[6]), (n_slots, n_frames), np.float32),
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
