"""The renderer process: jobs in, notes into the pool. The one file that imports torch and `model`.

| thread | does | niceness on Linux |
|---|---|---|
| main | reads the pipe, sorts jobs into the queue | none |
| loader | opens models, draws latents | full |
| urgent | beginnings of notes for keys that wait in silence | none |
| 1 to 4 workers | all other notes, beginnings too when they are free | full |

While a beginning is being made, the workers wait between the layers of what they make: two cores
that share their arithmetic are not two.

Each makes one note at a time with one thread of torch: on a CPU two notes side by side are done
sooner than two notes after each other with two threads each. On a GPU there is one worker, which
takes a batch at a time.
"""

import contextlib
import heapq
import itertools
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

from model.gansynth import GANSynth, ModelError
from model.generator import Generator
from model.latent import blend, pad_weights
from model.plain_generator import is_plain, plain_specgrams

from .loop import bake_loop, find_loop
from .pool import NoteInfo, NotePool
from .renderer_protocol import (
    Answer,
    Draw,
    Drawn,
    LoadModel,
    ModelFailed,
    ModelLoaded,
    NoteDropped,
    NoteRendered,
    Quit,
    RenderFailed,
    RenderNote,
    Request,
    decode_request,
    encode,
)
from .status import ModelInfo, Timbre

Wave = NDArray[np.float32]

FIRST_SECONDS = 0.6
FADE_IN_SECONDS = 0.001
FADE_OUT_SECONDS = 0.01
GPU_BATCH = 16
MAXIMUM_THREADS = 4
SWITCH_SECONDS = 0.0002


class NoteRenderer:
    """An open model, and the way from a job to a note that can be played."""

    def __init__(self, gansynth: GANSynth, path: str) -> None:
        """Put a model to work on the device that it is on."""
        self._gansynth = gansynth
        self.device = gansynth.device
        wanted = min(round(FIRST_SECONDS * gansynth.sample_rate), gansynth.n_samples)
        n_frames = gansynth.config.network.size[0]
        self._first_frames = next(
            (n for n in range(1, n_frames) if gansynth.n_samples_of(n) >= wanted), n_frames
        )
        self._n_first = wanted
        self.info = ModelInfo(
            name=gansynth.name,
            hash=gansynth.hash,
            path=path,
            info=gansynth.info,
            sample_rate=gansynth.sample_rate,
            n_timbres=len(gansynth.timbres),
            latent_size=gansynth.latent_size,
            lowest_pitch=gansynth.pitches[0],
            highest_pitch=gansynth.pitches[-1],
        )
        self.timbres = tuple(
            Timbre(
                name=timbre.name,
                family=timbre.family,
                z=tuple(z.tolist()),
                brightness=timbre.brightness,
                attack=timbre.attack,
                decay=timbre.decay,
                noisiness=timbre.noisiness,
            )
            for timbre, z in zip(gansynth.timbres, gansynth.latents, strict=True)
        )

    @property
    def between_layers(self) -> Callable[[], None]:
        """Called between a model's layers, on the thread that makes the note."""
        return self._gansynth.between_layers

    @between_layers.setter
    def between_layers(self, call: Callable[[], None]) -> None:
        self._gansynth.between_layers = call

    @classmethod
    def open(cls, path: str, device: str | None = None) -> "NoteRenderer":
        """Open a model folder, on the fastest device that works with it.

        Args:
            path: The folder.
            device: A device of torch's, in place of the fastest one.

        Raises:
            ModelError: If it is missing, damaged or foreign; one line that says so.
        """
        for candidate in [device] if device else _devices():
            try:
                renderer = cls(GANSynth.load(Path(path), candidate), path)
                renderer._warm_up()
            except RuntimeError as error:  # a GPU without room, or without some operation
                if candidate in ("cpu", device):
                    raise ModelError(f"{path} can't be run: {one_line(error)}") from error
                continue
            return renderer
        raise ModelError(f"No device runs {path}.")

    def _warm_up(self) -> None:
        """Let the libraries set themselves up, so that the first note need not wait for it."""
        z = np.ones((1, self.info.latent_size), "<f4")
        job = RenderNote(
            0, self.info.hash, z.tobytes(), 0, 0, self.info.lowest_pitch, 1, self.info.sample_rate
        )
        for first_only in (True, False):
            self._waves([job], first_only)

    def draw(self, seed: int) -> NDArray[np.float32]:
        """Draw a latent the way the model's notes are drawn: float32 [latent]."""
        return np.asarray(self._gansynth.draw(seed), "<f4")

    def run_network(self, job: RenderNote) -> None:
        """Run the network alone, without what makes a wave of its specgram: for benchmarks."""
        self._gansynth.specgrams(self._latent(job)[None], torch.tensor([job.pitch]))

    def run_plain_network(self, job: RenderNote) -> bool:
        """Run the network as a plain port would, for benchmarks; False if it has parts of ours."""
        generator, config = self._gansynth.generator, self._gansynth.config.network
        if not isinstance(generator, Generator) or not is_plain(config):
            return False
        plain_specgrams(generator, self._latent(job)[None], torch.tensor([job.pitch]))
        return True

    def count_flops(self, job: RenderNote) -> int:
        """Count the floating-point operations of `run_network`: two for each multiplication."""
        with FlopCounterMode(display=False) as counter:
            self.run_network(job)
        return int(counter.get_total_flops())

    def render(self, jobs: Sequence[RenderNote], slots: NDArray[np.float32]) -> list[NoteInfo]:
        """Make notes in one batch and write each into its slot.

        Args:
            jobs: For this model, all of them beginnings or none.
            slots: float32 [slot, frame], the pool.

        Raises:
            ValueError: If a job's latents are not this model's.
        """
        waves, gains = self._waves(jobs, jobs[0].first_only)
        return [
            finish_note(wave, self.info.sample_rate, job, gain, slots[job.slot])
            for wave, gain, job in zip(waves, gains, jobs, strict=True)
        ]

    @torch.inference_mode()
    def _waves(self, jobs: Sequence[RenderNote], first_only: bool) -> tuple[Wave, Wave]:
        """Give the model's waves, float32 [n, sample] at its own rate, and their gains, [n]."""
        z = torch.stack([self._latent(job) for job in jobs])
        pitch = torch.tensor([job.pitch for job in jobs])
        if first_only:
            waves = self._gansynth.render(z, pitch, n_frames=self._first_frames)
            waves = waves[:, : self._n_first]
        else:
            waves = self._gansynth.render(z, pitch)
        gains = 10 ** (self._gansynth.level_db(z, pitch) / 20)
        return waves.numpy(), gains.numpy()

    def _latent(self, job: RenderNote) -> torch.Tensor:
        size = self.info.latent_size
        if len(job.latents) not in (4 * size, 16 * size):
            raise ValueError(f"a latent of this model has {size} numbers")
        latents = torch.from_numpy(np.frombuffer(job.latents, "<f4").reshape(-1, size).copy())
        return latents[0] if len(latents) == 1 else blend(latents, pad_weights(job.x, job.y))


def finish_note(
    wave: Wave, wave_rate: float, job: RenderNote, gain: float, slot: NDArray[np.float32]
) -> NoteInfo:
    """Bring a model's wave to the device's rate, loop it and write it into its slot.

    Args:
        wave: float32 [sample], as the model made it.
        wave_rate: Of the wave, in Hz.
        job: What was asked for.
        gain: The note's own level.
        slot: float32 [frame], where it goes.
    """
    if wave_rate != job.sample_rate:
        wave = soxr.resample(wave, wave_rate, job.sample_rate)
    wave = wave[: len(slot)]
    loop = find_loop(wave, job.sample_rate, job.pitch) if not job.first_only else None
    if loop is not None and loop.loop_end:
        note = bake_loop(wave, loop, job.sample_rate)
    else:
        note = wave.copy()
        _fade_out(note, job.sample_rate)
    _fade_in(note, job.sample_rate)
    slot[: len(note)] = note
    return NoteInfo(
        slot=job.slot,
        n_frames=len(note),
        loop_start=loop.loop_start if loop else 0,
        loop_end=loop.loop_end if loop else 0,
        loop_gain=loop.loop_gain if loop else 1.0,
        gain=float(gain),
        sample_rate=job.sample_rate,
    )


def _fade_in(note: Wave, sample_rate: float) -> None:
    n = min(round(FADE_IN_SECONDS * sample_rate), len(note))
    note[:n] *= np.arange(n, dtype=np.float32) / np.float32(n)


def _fade_out(note: Wave, sample_rate: float) -> None:
    n = min(round(FADE_OUT_SECONDS * sample_rate), len(note))
    note[len(note) - n :] *= np.arange(n, dtype=np.float32)[::-1] / np.float32(n)


class RightOfWay:
    """Lets the makers of beginnings go first: all others wait while one is asked for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._n_asked = 0
        self._thread = threading.local()

    def ask(self) -> None:
        """Ask for the way, for one beginning; `taken` gives it back."""
        with self._changed:
            self._n_asked += 1

    @contextlib.contextmanager
    def taken(self, n: int) -> Iterator[None]:
        """Go first on this thread, unless `n` is 0; then give back the way asked for so often."""
        self._thread.goes_first = n > 0
        try:
            yield
        finally:
            with self._changed:
                self._n_asked -= n
                self._changed.notify_all()

    def give(self) -> None:
        """Wait until nobody asks for the way, unless this thread goes first."""
        if self._n_asked and not getattr(self._thread, "goes_first", False):
            with self._changed:
                self._changed.wait_for(lambda: not self._n_asked)


class Workers:
    """The threads that make notes, and the queue in front of them."""

    def __init__(
        self,
        slots: NDArray[np.float32],
        answer: Callable[[Answer], None],
        *,
        n_threads: int | None = None,
        niceness: int = 0,
    ) -> None:
        """Start the threads.

        Args:
            slots: float32 [slot, frame], the pool.
            answer: Called from any of the threads.
            n_threads: Workers on a CPU; None: one a core, at most `MAXIMUM_THREADS`.
            niceness: 0 to 19.
        """
        self._slots = slots
        self._answer = answer
        self._n_threads = n_threads or min(_n_cores(), MAXIMUM_THREADS)
        self._niceness = niceness
        self._queue: list[tuple[bool, int, RenderNote]] = []  # a heap: beginnings first
        self._arrivals = itertools.count()
        self._changed = threading.Condition()
        self._way = RightOfWay()
        self._renderer: NoteRenderer | None = None
        self._n_workers = self._n_threads  # fewer with a GPU
        self._loads: queue.SimpleQueue[LoadModel | Draw] = queue.SimpleQueue()
        use_one_thread()
        self._start(self._load, niceness)
        self._start(self._work, 0, True, 0)
        for number in range(self._n_threads):
            self._start(self._work, niceness, False, number)

    def _start(self, run: Callable[..., None], niceness: int, *arguments: object) -> None:
        def run_nicely() -> None:
            step_back(niceness)
            torch.set_flush_denormal(True)
            run(*arguments)

        threading.Thread(target=run_nicely, daemon=True).start()

    def submit(self, request: LoadModel | Draw | RenderNote) -> None:
        """Put a request into its queue."""
        if not isinstance(request, RenderNote):
            self._loads.put(request)
            return
        with self._changed:
            if request.first_only:
                self._way.ask()
            entry = (not request.first_only, next(self._arrivals), request)
            heapq.heappush(self._queue, entry)
            self._changed.notify_all()

    def _load(self) -> None:
        """Open models and draw latents, in the order in which they were asked for."""
        while True:
            request = self._loads.get()
            if isinstance(request, LoadModel):
                self._open(request.path)
            elif self._renderer is not None:
                z = self._renderer.draw(request.seed)
                self._answer(Drawn(request.request, z.tobytes()))

    def _open(self, path: str) -> None:
        try:
            renderer = NoteRenderer.open(path)
        except ModelError as error:
            self._answer(ModelFailed(path, str(error)))
            return
        except Exception as error:  # the renderer's loop: it lives on, whatever happens
            self._answer(ModelFailed(path, f"Could not open {path}: {one_line(error)}"))
            return
        on_cpu = renderer.device.type == "cpu"
        renderer.between_layers = self._way.give
        with self._changed:
            self._renderer = renderer
            self._n_workers = self._n_threads if on_cpu else 1
        n_jobs = self._n_workers if on_cpu else 2 * GPU_BATCH
        device = _device_name(renderer.device, self._n_threads)
        self._answer(ModelLoaded(renderer.info, renderer.timbres, n_jobs, device))

    def _work(self, is_urgent: bool, number: int) -> None:
        """Make notes for ever."""
        while True:
            renderer, jobs = self._take(is_urgent, number)
            wanted = [job for job in jobs if renderer and job.model == renderer.info.hash]
            for job in jobs:
                if job not in wanted:
                    self._answer(NoteDropped(job.job))
            with self._way.taken(sum(job.first_only for job in jobs)):
                self._render(renderer, wanted)

    def _render(self, renderer: NoteRenderer | None, jobs: list[RenderNote]) -> None:
        if renderer is None or not jobs:
            return
        try:
            notes = renderer.render(jobs, self._slots)
        except Exception as error:  # the renderer's loop: it lives on, whatever happens
            for job in jobs:
                self._answer(RenderFailed(job.job, failure(job, error)))
            return
        for job, note in zip(jobs, notes, strict=True):
            self._answer(NoteRendered(job.job, note))

    def _take(self, is_urgent: bool, number: int) -> tuple[NoteRenderer | None, list[RenderNote]]:
        """Wait for jobs of one kind: one on a CPU, a batch on a GPU."""
        with self._changed:
            while not self._queue or (
                not self._queue[0][2].first_only if is_urgent else number >= self._n_workers
            ):
                self._changed.wait()
            on_gpu = self._renderer is not None and self._renderer.device.type != "cpu"
            jobs = [heapq.heappop(self._queue)[2]]
            while (
                on_gpu
                and self._queue
                and len(jobs) < GPU_BATCH
                and self._queue[0][2].first_only == jobs[0].first_only
            ):
                jobs.append(heapq.heappop(self._queue)[2])
            return self._renderer, jobs


def failure(job: RenderNote, error: Exception) -> str:
    """Say in one line why a note could not be made, and what to do."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "alloc" in str(error):
        return f"Not enough memory to render note {job.pitch}. Close other programs."
    return f"Could not render note {job.pitch}: {one_line(error)}"


def one_line(error: Exception) -> str:
    """Give the first line of what an error says, or its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def use_one_thread() -> None:
    """Make each note with one thread of torch, from now on in this process."""
    torch.set_num_threads(1)


def step_back(niceness: int) -> None:
    """Lower this thread's priority behind the sound; where there is no such thing, do nothing.

    On Linux niceness belongs to a thread, elsewhere to the process: there the first call counts
    and the others add nothing.
    """
    if not hasattr(os, "setpriority") or niceness <= 0:
        return
    which = threading.get_native_id() if sys.platform.startswith("linux") else 0
    with contextlib.suppress(OSError):
        present = os.getpriority(os.PRIO_PROCESS, which)
        os.setpriority(os.PRIO_PROCESS, which, min(max(present, niceness), 19))


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _devices() -> list[str]:
    """List the devices to try, the fastest first."""
    names = ["cuda"] if torch.cuda.is_available() else []
    names += ["mps"] if torch.backends.mps.is_available() else []
    return [*names, "cpu"]


def _device_name(device: torch.device, n_threads: int) -> str:
    if device.type == "cpu":
        return f"CPU, {n_threads} thread{'s' if n_threads > 1 else ''}"
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "Apple GPU"


def main(
    connection: Connection,
    pool_name: str,
    pool_shape: tuple[int, int],
    n_threads: int | None,
    niceness: int,
) -> None:
    """Be the renderer process, until told to quit or until the instrument is gone.

    Args:
        connection: To the instrument.
        pool_name: Of the note pool's shared memory.
        pool_shape: [slot, frame] of the pool.
        n_threads: Workers on a CPU; None: one a core.
        niceness: 0 to 19.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the instrument's affair
    # The urgent thread needs Python's lock between any two of its many short operations.
    sys.setswitchinterval(SWITCH_SECONDS)
    pool = NotePool.attach(pool_name, *pool_shape)
    sending = threading.Lock()

    def answer(message: Answer) -> None:
        with sending, contextlib.suppress(OSError):  # the main thread notices a broken pipe
            connection.send_bytes(encode(message))

    workers = Workers(pool.samples, answer, n_threads=n_threads, niceness=niceness)
    with contextlib.suppress(EOFError, OSError):
        while True:
            request: Request = decode_request(connection.recv_bytes())
            if isinstance(request, Quit):
                break
            workers.submit(request)
    os._exit(0)  # a worker may be in the midst of a note; nothing here needs tidying up
