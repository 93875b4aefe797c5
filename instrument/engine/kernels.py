"""How real-time code is compiled: one decorator, one cache of machine code, two intrinsics.

Kernels may be called from PortAudio's own thread without Python's lock, so they never raise,
allocate or wait.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import platformdirs
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

get_or_insert_function: Any = cgutils.get_or_insert_function

F = TypeVar("F", bound=Callable[..., Any])

Record = Any  # one record of a NumPy record array, whose fields numba sees and mypy does not

# NaN and infinity keep their meaning, so that a broken note can be seen and silenced.
FAST_MATH = {"contract", "afn", "reassoc", "nsz", "arcp"}
STALE_SECONDS = 30 * 24 * 3600


ENGINE = Path(__file__).parent
# The folders whose code or numbers end up in machine code.
SOURCES = (ENGINE, ENGINE.with_name("values"))


def _sources_hash() -> str:
    digest = hashlib.sha256(f"{sys.version} {numba.__version__}".encode())
    for folder in SOURCES:
        for file in sorted(folder.glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """Choose where machine code is kept between runs.

    numba only looks at the file a kernel stands in, not at those it calls, so the folder's name
    holds a hash of all of them: an update can never run yesterday's code.
    """
    name = f"kernels-{_sources_hash()}"
    for root in (platformdirs.user_cache_path("timbrepad"), Path(tempfile.gettempdir())):
        folder = root / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            _forget_old(root, folder)
            return folder
    return Path(tempfile.mkdtemp(prefix="timbrepad-"))


def _forget_old(root: Path, keep: Path) -> None:
    for folder in root.glob("kernels-*"):
        if folder != keep and time.time() - folder.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    os.utime(keep)


_config: Any = numba.config
if not _config.CACHE_DIR:  # the player's own NUMBA_CACHE_DIR goes first
    _config.CACHE_DIR = str(_cache_folder())


def kernel(function: F) -> F:
    """Compile a function for real time: no Python lock, no exceptions, kept between runs."""
    compiled = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST_MATH)
    return cast(F, compiled(function))


def inlined(function: F) -> F:
    """As `kernel`, for a function that one place calls: compiled there, which starts faster."""
    return cast(F, numba.njit(nogil=True, error_model="numpy", inline="always")(function))


def _pointer(typing_context: Any, address: Any) -> Any:  # noqa: ARG001
    """Turn an address (an integer) into a pointer that `numba.carray` takes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.voidptr(types.uintp), generate


def _fence(typing_context: Any) -> Any:  # noqa: ARG001
    """Keep loads and stores on their side of this line, for the compiler and for the processor.

    numba has no atomics. Between threads a number is published after the data it stands for,
    with this between them on both sides; x86 would order the stores by itself, ARM does not.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.none(), generate


def _call_clock_gettime(typing_context: Any, function: Any, clock: Any, timespec: Any) -> Any:  # noqa: ARG001
    """Call `int clock_gettime(clockid_t, struct timespec *)` at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        word, byte_pointer = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(word, [word, byte_pointer])
        called = builder.inttoptr(arguments[0], kind.as_pointer())
        where = builder.inttoptr(arguments[2], byte_pointer)
        return builder.call(called, [builder.trunc(arguments[1], word), where])

    return types.int32(types.uintp, types.int64, types.uintp), generate


def _call_performance_counter(typing_context: Any, function: Any, counter: Any) -> Any:  # noqa: ARG001
    """Call Windows' `BOOL QueryPerformanceCounter(LARGE_INTEGER *)` at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        word, byte_pointer = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(word, [byte_pointer])
        called = builder.inttoptr(arguments[0], kind.as_pointer())
        return builder.call(called, [builder.inttoptr(arguments[1], byte_pointer)])

    return types.int32(types.uintp, types.uintp), generate


def _prefetch(typing_context: Any, address: Any) -> Any:  # noqa: ARG001
    """Ask for the cache line at an address, which is read soon; nothing waits for it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        byte_pointer, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte_pointer, word, word, word])
        name = "llvm.prefetch.p0i8"
        function = get_or_insert_function(builder.module, kind, name)
        for_reading, keep_near, data = word(0), word(3), word(1)
        where = builder.inttoptr(arguments[0], byte_pointer)
        builder.call(function, [where, for_reading, keep_near, data])
        return context.get_dummy_value()

    return types.none(types.uintp), generate


def _transpose_8_by_8(
    typing_context: Any,  # noqa: ARG001
    source: Any,  # noqa: ARG001
    source_stride: Any,  # noqa: ARG001
    target: Any,  # noqa: ARG001
    target_stride: Any,  # noqa: ARG001
) -> Any:
    """Swap rows and columns of eight rows of eight float32 between two addresses.

    Strides are in bytes from row to row. Left to itself, the compiler makes gathers of a loop that
    does so, which cost five times as much as these 24 shuffles.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        row_pointer = ir.VectorType(ir.FloatType(), 8).as_pointer()

        def row_at(address: Any, stride: Any, number: int) -> Any:
            step = builder.mul(stride, ir.Constant(stride.type, number))
            return builder.inttoptr(builder.add(address, step), row_pointer)

        def shuffled(one: Any, other: Any, lanes: tuple[int, ...]) -> Any:
            mask = ir.Constant(ir.VectorType(ir.IntType(32), 8), lanes)
            return builder.shuffle_vector(one, other, mask)

        rows = [
            builder.load(row_at(arguments[0], arguments[1], i), align=FLOAT_BYTES) for i in range(8)
        ]
        for distance, low, high in _SHUFFLES:
            firsts = [i for i in range(8) if not i & distance]
            pairs = [(rows[i], rows[i + distance]) for i in firsts]
            for i, (one, other) in zip(firsts, pairs, strict=True):
                rows[i] = shuffled(one, other, low)
                rows[i + distance] = shuffled(one, other, high)
        for i, row in enumerate(rows[number] for number in _ORDER):
            builder.store(row, row_at(arguments[2], arguments[3], i), align=FLOAT_BYTES)
        return context.get_dummy_value()

    return types.none(types.uintp, types.intp, types.uintp, types.intp), generate


FLOAT_BYTES = 4
# Each is one instruction of most processors. After them the rows stand in another order.
_SHUFFLES = (
    (4, (0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15)),
    (1, (0, 8, 1, 9, 4, 12, 5, 13), (2, 10, 3, 11, 6, 14, 7, 15)),
    (2, (0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15)),
)
_ORDER = (0, 2, 1, 3, 4, 6, 5, 7)

pointer: Any = intrinsic(_pointer)
fence: Any = intrinsic(_fence)
transpose_8_by_8: Any = intrinsic(_transpose_8_by_8)
prefetch: Any = intrinsic(_prefetch)
call_clock_gettime: Any = intrinsic(_call_clock_gettime)
call_performance_counter: Any = intrinsic(_call_performance_counter)
