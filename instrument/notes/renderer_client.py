"""The renderer process as the instrument sees it. Light: torch is loaded in the child only."""

import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import msgspec

from .renderer_protocol import (
    Answer,
    Draw,
    LoadModel,
    NoRenderer,
    Quit,
    RenderNote,
    Request,
    decode_answer,
    encode,
)

MAXIMUM_DEATHS = 4
DEATHS_SECONDS = 60.0


def _run(
    connection: Connection,
    pool_name: str,
    pool_shape: tuple[int, int],
    n_threads: int | None,
    niceness: int,
    device: str,
) -> None:
    """Be the renderer process."""
    try:
        from .render_workers import main  # noqa: PLC0415  # torch is loaded here, in the child
    except ImportError as error:
        text = f"New notes can't be made here ({error}); what is kept with presets plays."
        connection.send_bytes(encode(NoRenderer(" ".join(text.split()))))
        return
    main(connection, pool_name, pool_shape, n_threads, niceness, device)


class RendererError(Exception):
    """The renderer does not do its work; the message says what to do."""


class _Link:
    """One run of the process: its pipe and the thread that reads it."""

    def __init__(
        self, process: BaseProcess, connection: Connection, wake: Callable[[], None]
    ) -> None:
        self.process = process
        self.connection = connection
        self.answers: deque[Answer] = deque()
        self.is_whole = True  # written by the reader thread only
        self._wake = wake
        threading.Thread(target=self._read, name="renderer's answers", daemon=True).start()

    def _read(self) -> None:
        """Pass on answers until the pipe breaks, which it does when the process dies."""
        try:
            while True:
                self.answers.append(decode_answer(self.connection.recv_bytes()))
                self._wake()
        except (EOFError, OSError, msgspec.DecodeError):
            self.is_whole = False
            self._wake()

    def send(self, request: Request) -> bool:
        try:
            self.connection.send_bytes(encode(request))
        except OSError:
            return False
        return True

    def end(self, timeout_seconds: float) -> None:
        """Wait for the process to end, then end it."""
        self.process.join(timeout_seconds)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


class RendererProcess:
    """Starts the renderer, passes it jobs and hands out its answers.

    No method waits for the renderer but `restart` and `close`. One thread uses it; `wake` is
    called from a reader thread whenever `poll` has something new, and when the process has died.
    The process ends by itself when this one does.
    """

    def __init__(
        self,
        pool_name: str,
        pool_shape: tuple[int, int],
        *,
        wake: Callable[[], None] = lambda: None,
        n_threads: int | None = None,
        niceness: int = 10,
        device: str = "auto",
    ) -> None:
        """Remember how to start; nothing runs before `start`.

        Args:
            pool_name: Of the note pool's shared memory.
            pool_shape: [slot, frame] of the pool.
            wake: Called from another thread when `poll` has something to give.
            n_threads: How many notes are made side by side on a CPU; None: one a core, at most 4.
            niceness: How far the rendering steps back behind the sound, 0 to 19.
            device: That renders: "auto" is the fastest that works, else "cpu", "cuda", "cuda:N"
                or "mps".
        """
        self._arguments = (pool_name, pool_shape, n_threads, niceness, device)
        self._wake = wake
        self._link: _Link | None = None
        self._model_path = ""
        self._deaths: deque[float] = deque(maxlen=MAXIMUM_DEATHS)

    def start(self) -> None:
        """Start the process; returns before torch is loaded there."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_run, args=(theirs, *self._arguments), name="timbrepad renderer", daemon=True
        )
        process.start()
        theirs.close()
        self._link = _Link(process, ours, self._wake)
        if self._model_path:
            self._link.send(LoadModel(self._model_path))

    def load_model(self, path: str) -> None:
        """Ask for a model; it is asked for again after a restart."""
        self._model_path = path
        self._send(LoadModel(path))

    def submit(self, job: RenderNote) -> bool:
        """Ask for a note; False when the process is not there to take it."""
        return self._send(job)

    def draw(self, request: int, seed: int) -> bool:
        """Ask for a latent; False when the process is not there to take it."""
        return self._send(Draw(request, seed))

    def poll(self) -> list[Answer]:
        """Give the answers that came since the last call, oldest first."""
        answers = []
        while (answer := self.take()) is not None:
            answers.append(answer)
        return answers

    def take(self) -> Answer | None:
        """Give the oldest answer that was not given yet, or None."""
        if self._link is None or not self._link.answers:
            return None
        return self._link.answers.popleft()

    @property
    def alive(self) -> bool:
        """Whether the process runs and its pipe is whole."""
        return self._link is not None and self._link.is_whole

    @property
    def process_id(self) -> int | None:
        """The process's id, or None before `start` and after `close`."""
        return None if self._link is None else self._link.process.pid

    def stop(self) -> None:
        """End the process at once, so that it can't write into the pool any more."""
        if self._link is not None:
            self._link.end(0)

    def restart(self) -> bool:
        """Start again after a death, with the same model; False when it died too often lately.

        When `alive` is False: `stop`, then `NoteCache.renderer_died`, then this.
        """
        self.stop()
        now = time.monotonic()
        self._deaths.append(now)
        if len(self._deaths) == MAXIMUM_DEATHS and now - self._deaths[0] < DEATHS_SECONDS:
            return False
        self.start()
        return True

    def close(self, timeout_seconds: float = 1.0) -> None:
        """Ask the process to stop, and end it if it does not."""
        if self._link is not None:
            self._link.send(Quit())
            self._link.end(timeout_seconds)
            self._link = None

    def _send(self, request: Request) -> bool:
        return self._link is not None and self._link.is_whole and self._link.send(request)
