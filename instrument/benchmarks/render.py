"""How fast notes are made: the real renderer process, and the network against the peak."""

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from instrument.engine.pool import NotePool
from instrument.notes.note_finish import SLOT_SECONDS
from instrument.notes.renderer import NoteRenderer, use_threads
from instrument.notes.renderer_client import RendererError, RendererProcess
from instrument.notes.renderer_protocol import Answer, Drawn, ModelLoaded, NoteRendered, RenderNote

from .cost import N_CACHED, policy_microseconds

Wanted = TypeVar("Wanted", bound=Answer)

SAMPLE_RATE = 48000.0
N_SLOTS = 96
N_FIRST_SOUNDS = 60
NETWORK_SECONDS = 3.0
N_PLAIN = 15
TIMEOUT_SECONDS = 120.0

_GEMM = """
import time, numpy as np
a, b = (np.random.default_rng(i).standard_normal((2048, 2048), np.float32) for i in (0, 1))
out, best, end = np.empty_like(a), 1e9, time.perf_counter() + 2
while time.perf_counter() < end:
    start = time.perf_counter()
    np.matmul(a, b, out=out)
    best = min(best, time.perf_counter() - start)
print(2 * 2048**3 / best / 1e9)
"""
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def bench_render(model_path: str, threads: int, device: str = "auto") -> dict[str, Any]:
    """Measure a model on this machine.

    Args:
        model_path: Its folder.
        threads: Notes made side by side on a CPU, each with one thread.
        device: That renders; see `RendererProcess`.

    Returns:
        `device`; `model`; `threads`; `notes_per_second`; `keyboard_seconds` for every pitch of
        the model, from the first request to the last note looped and in the pool;
        `first_sound_ms` {p50, p99} from the request for a cold key's beginning to its being in
        the pool; `busy_first_sound_ms` the same while the keyboard is being made;
        `milliseconds_a_note` where a quarter, half and all of the keyboard are made;
        `policy_microseconds_a_note` of the cache, by the notes in it; on a GPU then what
        `NoteRenderer.network_figures` gives, on a CPU
        `gemm_gflops`, the best that this machine's sgemm does with as many threads;
        `network_gflops` and `fraction_of_peak`, the network alone beside that (CPU only);
        `network_ms` and `plain_network_ms`, the CPU time of one note in the network alone and in
        a plain port of the original, in turns; null for a model with parts of ours.

    Raises:
        RendererError: If the model can't be opened or a note can't be made.
    """
    with _Bench(threads, device) as bench:
        bench.open(model_path)
        keyboard_seconds = bench.keyboard_seconds(bench.pitches)
        milliseconds = {
            len(some): round(1000 * bench.keyboard_seconds(some) / len(some), 3)
            for some in (bench.pitches[::4], bench.pitches[::2], bench.pitches)
        }
        first = bench.first_sound_ms(busy=False)
        busy = bench.first_sound_ms(busy=True)
        job = bench.job(bench.pitches[len(bench.pitches) // 2], first_only=False)
    figures = {
        "device": bench.loaded.device,
        "model": bench.loaded.model.name,
        "threads": threads,
        "notes_per_second": round(len(bench.pitches) / keyboard_seconds, 2),
        "keyboard_seconds": round(keyboard_seconds, 3),
        "first_sound_ms": first,
        "busy_first_sound_ms": busy,
        "milliseconds_a_note": milliseconds,
        "policy_microseconds_a_note": {n: round(policy_microseconds(n), 1) for n in N_CACHED},
    }
    renderer = NoteRenderer.open(model_path, device)
    if renderer.on_gpu:
        return figures | renderer.network_figures()
    gemm_gflops = measure_gemm(threads)
    network_gflops = measure_network(model_path, threads, job)
    return figures | {
        "gemm_gflops": round(gemm_gflops, 1),
        "network_gflops": round(network_gflops, 1),
        "fraction_of_peak": round(network_gflops / gemm_gflops, 3),
        **measure_plain(model_path, job),
    }


def measure_gemm(threads: int) -> float:
    """Measure the peak of float32 matrix products, in GFLOP/s, in a process of its own.

    A library's number of threads is settled when it is loaded.
    """
    variables = dict.fromkeys(_THREAD_VARIABLES, str(threads))
    done = subprocess.run(
        [sys.executable, "-c", _GEMM],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def measure_network(model_path: str, threads: int, job: RenderNote) -> float:
    """Measure the network alone on the CPU, one note a thread side by side, in GFLOP/s."""
    use_threads(1)
    renderer = NoteRenderer.open(model_path, "cpu")
    flops = renderer.count_flops(job)
    end = time.perf_counter() + NETWORK_SECONDS
    counts = [0] * threads

    def run(number: int) -> None:
        while time.perf_counter() < end:
            renderer.run_network(job)
            counts[number] += 1

    start = time.perf_counter()
    runners = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    return sum(counts) * flops / (time.perf_counter() - start) / 1e9


def measure_plain(model_path: str, job: RenderNote) -> dict[str, float | None]:
    """Measure the network beside a plain port of the original, in CPU time of one thread."""
    use_threads(1)
    renderer = NoteRenderer.open(model_path, "cpu")
    if not renderer.run_plain_network(job):
        return {"network_ms": None, "plain_network_ms": None}
    runs = (renderer.run_network, renderer.run_plain_network)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(N_PLAIN):
        for run, spent in zip(runs, times, strict=True):
            start = time.process_time()
            run(job)
            spent.append(1000 * (time.process_time() - start))
    ours, plain = (round(float(np.median(spent)), 1) for spent in times)
    return {"network_ms": ours, "plain_network_ms": plain}


class _Bench:
    """A renderer process with a model open, and what is timed with it."""

    def __init__(self, threads: int, device: str) -> None:
        n_frames = round(SLOT_SECONDS * SAMPLE_RATE)
        self._pool = NotePool(N_SLOTS, n_frames)
        self._woken = threading.Event()
        self._process = RendererProcess(
            self._pool.name,
            (N_SLOTS, n_frames),
            wake=self._woken.set,
            n_threads=threads,
            niceness=0,
            device=device,
        )
        self._slots = itertools.cycle(range(1, N_SLOTS))
        self._numbers = itertools.count(1)
        self._in_flight: set[int] = set()

    def __enter__(self) -> "_Bench":
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close()
        self._pool.close()

    def open(self, model_path: str) -> None:
        """Open the model and draw the latent that is rendered."""
        self._process.load_model(model_path)
        self.loaded = self._wait_for(ModelLoaded)
        self.pitches = range(self.loaded.model.lowest_pitch, self.loaded.model.highest_pitch + 1)
        self._process.draw(1, seed=1)
        self._z = self._wait_for(Drawn).z

    def job(self, pitch: int, *, first_only: bool) -> RenderNote:
        """Make a job for a pitch."""
        return RenderNote(
            job=next(self._numbers),
            model=self.loaded.model.hash,
            latents=self._z,
            weights=(1.0,),
            pitch=pitch,
            slot=next(self._slots),
            sample_rate=SAMPLE_RATE,
            first_only=first_only,
        )

    def keyboard_seconds(self, pitches: Sequence[int]) -> float:
        """Time notes of these pitches, with as many jobs in flight as the instrument keeps."""
        waiting = list(pitches)
        start = time.perf_counter()
        while waiting or self._in_flight:
            while waiting and len(self._in_flight) < self.loaded.n_jobs:
                self._submit(self.job(waiting.pop(), first_only=False))
            self._wait_for(NoteRendered)
        return time.perf_counter() - start

    def first_sound_ms(self, *, busy: bool) -> dict[str, float]:
        """Time the beginnings of notes, one after the other.

        Args:
            busy: Whether whole notes are made all the while, as after a move on the pad.
        """
        times_ms = []
        for number in range(N_FIRST_SOUNDS):
            while busy and len(self._in_flight) < self.loaded.n_jobs:
                self._submit(self.job(self.pitches[number % len(self.pitches)], first_only=False))
            job = self.job(self.pitches[(7 * number) % len(self.pitches)], first_only=True)
            start = time.perf_counter()
            self._submit(job)
            while job.job in self._in_flight:
                self._wait_for(NoteRendered)
            times_ms.append(1000 * (time.perf_counter() - start))
        while self._in_flight:
            self._wait_for(NoteRendered)
        return {
            "p50": round(float(np.percentile(times_ms, 50)), 1),
            "p99": round(float(np.percentile(times_ms, 99)), 1),
        }

    def _submit(self, job: RenderNote) -> None:
        self._in_flight.add(job.job)
        self._process.submit(job)

    def _wait_for(self, kind: type[Wanted]) -> Wanted:
        """Wait for the next answer; it has to be of this kind."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < end and self._process.alive:
            answer = self._process.take()
            if answer is None:
                self._woken.wait(0.1)
                self._woken.clear()
            elif isinstance(answer, kind):
                if isinstance(answer, NoteRendered):
                    self._in_flight.discard(answer.job)
                return answer
            else:
                raise RendererError(getattr(answer, "text", f"The renderer answered {answer}."))
        raise RendererError("The renderer process does not answer. Run `timbrepad doctor`.")
