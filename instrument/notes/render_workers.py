"""The renderer process: jobs in, notes into the pool.

| thread | does | niceness on Linux |
|---|---|---|
| main | reads the pipe, sorts jobs into the queue | none |
| loader | opens models, draws latents | full |
| urgent | beginnings of notes for keys that wait in silence, crops for held ones | none |
| second urgent, with two workers | those that the first has no time for | full |
| 1 to 4 workers | all other notes, and those too when they are free | full |
| finishers, with a GPU | resampling and loops, while the GPU makes the next batch | full |

While a beginning or a crop is being made, the workers wait between the layers of what they make,
and between the steps that finish it: two cores that share their arithmetic are not two. So there
are two urgent threads: of a chord's crops one would have all, while the workers wait for it.

On a CPU each makes one note at a time with one thread of torch: two notes side by side are done
sooner than two notes after each other with two threads each. Only the beginning of a large network
that is asked for alone gets all cores, which nobody else uses then. On a GPU there is one worker,
which takes a batch at a time. A GPU that stops working is given up: its jobs are done on the CPU.
"""

import contextlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from instrument.engine.pool import NotePool

from .job_queue import JobQueue
from .note_finish import finish_note
from .renderer import (
    DeviceMissingError,
    ModelError,
    NoteRenderer,
    failure,
    one_line,
    prepare_thread,
    use_threads,
)
from .renderer_protocol import (
    Answer,
    DeviceLost,
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
from .right_of_way import RightOfWay

MAXIMUM_THREADS = 4
MAXIMUM_FINISHERS = 16
BATCHES_IN_FLIGHT = 4
"""Jobs that keep a GPU busy, in batches: a keyboard, which is made in less than a blink."""

SWITCH_SECONDS = 0.0002


class Workers:
    """The threads that make notes, and the queue in front of them."""

    def __init__(
        self,
        slots: NDArray[np.float32],
        answer: Callable[[Answer], None],
        *,
        n_threads: int | None = None,
        niceness: int = 0,
        device: str = "auto",
        open_renderer: Callable[[str, str], NoteRenderer] = NoteRenderer.open,
    ) -> None:
        """Start the threads.

        Args:
            slots: float32 [slot, frame], the pool.
            answer: Called from any of the threads.
            n_threads: Workers on a CPU; None: one a core, at most `MAXIMUM_THREADS`.
            niceness: 0 to 19.
            device: That renders: "auto", or a name as `NoteRenderer.open` takes it.
            open_renderer: Gets a model's folder and the device.
        """
        self._slots = slots
        self._answer = answer
        self._n_threads = n_threads or min(_n_cores(), MAXIMUM_THREADS)
        self._niceness = niceness
        self._device = device
        self._open_renderer = open_renderer
        self._queue = JobQueue(self._n_threads)
        self._way = RightOfWay()
        self._moving = threading.Lock()  # held while a renderer takes another's place
        self._renderer: NoteRenderer | None = None
        self._loads: queue.SimpleQueue[LoadModel | Draw] = queue.SimpleQueue()
        self._finishers: ThreadPoolExecutor | None = None  # with a GPU
        self._start(self._load, niceness)
        self._start(self._work, 0, 0, True, True)
        if self._n_threads > 1:
            self._start(self._work, niceness, 1, True, False)
        for number in range(self._n_threads):
            self._start(self._work, niceness, number, False, False)

    def _start(self, run: Callable[..., None], niceness: int, *arguments: object) -> None:
        def run_nicely() -> None:
            step_back(niceness)
            prepare_thread()
            use_threads(1)
            run(*arguments)

        threading.Thread(target=run_nicely, daemon=True).start()

    def submit(self, request: LoadModel | Draw | RenderNote) -> None:
        """Put a request into its queue."""
        if not isinstance(request, RenderNote):
            self._loads.put(request)
            return
        if request.is_urgent:
            self._way.ask()
        self._queue.put(request)

    # Models.

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
            renderer = self._open_renderer(path, self._device)
        except (ModelError, DeviceMissingError) as error:
            self._answer(ModelFailed(path, str(error)))
            return
        except Exception as error:  # the renderer's loop: it lives on, whatever happens
            self._answer(ModelFailed(path, f"Could not open {path}: {one_line(error)}"))
            return
        with self._moving:
            self._put_to_work(renderer)
        n_jobs, device = self._n_jobs(renderer), self._words(renderer)
        self._answer(ModelLoaded(renderer.info, renderer.timbres, n_jobs, device, renderer.goes_on))

    def _put_to_work(self, renderer: NoteRenderer) -> None:
        renderer.between_layers = self._way.give
        if renderer.on_gpu and self._finishers is None:
            n_finishers = max(1, min(_n_cores() - 1, MAXIMUM_FINISHERS))
            self._finishers = ThreadPoolExecutor(
                n_finishers, initializer=step_back, initargs=(self._niceness,)
            )
        self._renderer = renderer
        self._queue.serve(1 if renderer.on_gpu else self._n_threads, renderer.n_batch)

    def _n_jobs(self, renderer: NoteRenderer) -> int:
        return BATCHES_IN_FLIGHT * renderer.n_batch if renderer.on_gpu else self._n_threads

    def _words(self, renderer: NoteRenderer) -> str:
        if renderer.on_gpu:
            return renderer.device_words
        return f"CPU, {self._n_threads} thread{'s' if self._n_threads > 1 else ''}"

    # Notes.

    def _work(self, number: int, is_urgent: bool, is_swift: bool) -> None:
        """Make notes for ever."""
        while True:
            jobs = self._queue.take(number, is_urgent=is_urgent, is_swift=is_swift)
            renderer = self._renderer
            wanted = [job for job in jobs if renderer and job.model == renderer.info.hash]
            for job in jobs:
                if job not in wanted:
                    self._answer(NoteDropped(job.job))
            is_alone = jobs[0].is_urgent and self._way.n_asked == 1
            is_shared = is_alone and renderer is not None and renderer.is_large
            use_threads(self._n_threads if is_shared else 1)
            with self._way.taken(sum(job.is_urgent for job in jobs)):
                if renderer is not None and wanted:
                    self._render(renderer, wanted)

    def _render(self, renderer: NoteRenderer, jobs: list[RenderNote]) -> None:
        try:
            if jobs[0].heard is not None:
                notes = renderer.render(jobs, self._slots)
            else:
                waves, gains, crests = renderer.waves(jobs)
        except Exception as error:  # the renderer's loop: it lives on, whatever happens
            if len(jobs) > 1:  # one of them may be at fault, or they need too much memory together
                for job in jobs:
                    self._render(renderer, [job])
            elif isinstance(error, RuntimeError) and self._leave_gpu(renderer, error):
                self._again(jobs)
            else:
                self._answer(RenderFailed(jobs[0].job, failure(jobs[0], error)))
            return
        if jobs[0].heard is not None:
            for job, note in zip(jobs, notes, strict=True):
                self._answer(NoteRendered(job.job, note))
            return
        for wave, gain, crest, job in zip(waves, gains, crests, jobs, strict=True):
            finish = (renderer.info.sample_rate, wave, float(gain), float(crest), job)
            if renderer.on_gpu and self._finishers is not None and not job.first_only:
                self._finishers.submit(self._finish, *finish)
            else:
                self._finish(*finish)

    def _finish(
        self,
        wave_rate: float,
        wave: NDArray[np.float32],
        gain: float,
        crest: float,
        job: RenderNote,
    ) -> None:
        """Make a playable note of a wave, in its slot, and say so."""
        try:
            slot = self._slots[job.slot]
            note = finish_note(wave, wave_rate, job, gain, slot, crest, self._way.give)
        except Exception as error:  # as in `_render`
            self._answer(RenderFailed(job.job, failure(job, error)))
        else:
            self._answer(NoteRendered(job.job, note))

    def _again(self, jobs: list[RenderNote]) -> None:
        """Put jobs back that could not be done."""
        for job in jobs:
            if job.is_urgent:
                self._way.ask()
        self._queue.put_back(jobs)

    def _leave_gpu(self, renderer: NoteRenderer, error: RuntimeError) -> bool:
        """Go on without a GPU that has failed; False if this is none, or if there is no way on.

        It is not tried again: what is left of a driver after a fault may hang.
        """
        if not renderer.on_gpu:
            return False
        with self._moving:
            if self._renderer is not renderer:  # another thread was here before
                return True
            try:
                successor = self._open_renderer(renderer.info.path, "cpu")
            except Exception:  # the model's folder is gone; the note's own error is told
                return False
            self._device = "cpu"
            self._put_to_work(successor)
        text = (
            f"{renderer.device_words} has stopped working ({one_line(error)}). From now on the "
            "processor makes the notes, more slowly. Start Timbrepad anew to try it again."
        )
        self._answer(DeviceLost(text, self._n_jobs(successor), self._words(successor)))
        return True


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


def main(
    connection: Connection,
    pool_name: str,
    pool_shape: tuple[int, int],
    n_threads: int | None,
    niceness: int,
    device: str,
) -> None:
    """Be the renderer process, until told to quit or until the instrument is gone.

    Args:
        connection: To the instrument.
        pool_name: Of the note pool's shared memory.
        pool_shape: [slot, frame] of the pool.
        n_threads: Workers on a CPU; None: one a core.
        niceness: 0 to 19.
        device: That renders; see `Workers`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the instrument's affair
    # The urgent thread needs Python's lock between any two of its many short operations.
    sys.setswitchinterval(SWITCH_SECONDS)
    pool = NotePool.attach(pool_name, *pool_shape)
    sending = threading.Lock()

    def answer(message: Answer) -> None:
        with sending, contextlib.suppress(OSError):  # the main thread notices a broken pipe
            connection.send_bytes(encode(message))

    workers = Workers(pool.samples, answer, n_threads=n_threads, niceness=niceness, device=device)
    with contextlib.suppress(EOFError, OSError):
        while True:
            request: Request = decode_request(connection.recv_bytes())
            if isinstance(request, Quit):
                break
            workers.submit(request)
    os._exit(0)  # a worker may be in the midst of a note; nothing here needs tidying up
