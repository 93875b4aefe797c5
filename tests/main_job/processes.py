"""The processes of the big tests: a JACK server of their own, Timbrepad, a recorder, a screen."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48000
BLOCK = 128
START_SECONDS = 240.0  # the first start compiles the engine, and other work may be going on
END_SECONDS = 20.0


def wait_for(what: str, found: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Wait until something is there, and fail with its name if it does not come."""
    end = time.monotonic() + seconds
    while not found():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.05)


class Process:
    """A program in a process group of its own, whose lines on stderr are kept."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._popen = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def id(self) -> int:
        return self._popen.pid

    @property
    def status(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._popen.poll()

    def says(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def wait_to_say(self, words: str, seconds: float = START_SECONDS) -> None:
        wait_for(
            f"{words!r} from {self._popen.args!r}, which said {self.lines!r}",
            lambda: self.says(words) or self.status is not None,
            seconds,
        )
        assert self.says(words), f"ended with {self.status}, having said {self.lines}"

    def wait_to_end(self, seconds: float = END_SECONDS) -> int:
        """Wait until it ends by itself; gives its exit status."""
        status = self._popen.wait(seconds)
        self._reader.join(END_SECONDS)
        return status

    def ask_to_end(self) -> int:
        """End it politely; gives its exit status."""
        if self.status is None:
            self._popen.terminate()
        return self.wait_to_end()

    def kill(self) -> None:
        """End it and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait(END_SECONDS)
        self._reader.join(END_SECONDS)

    def _read(self) -> None:
        assert self._popen.stderr is not None
        with self._popen.stderr as stderr:
            for line in stderr:
                self.lines.append(line.rstrip())


@dataclass
class JackServer:
    """A JACK server with the dummy driver under a name that nobody else has."""

    name: str = field(default_factory=lambda: f"timbrepad-{uuid.uuid4().hex[:8]}")
    process: Process | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to find this server and no other, and to start none."""
        return {
            **os.environ,
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_START_SERVER": "1",
            "JACK_NO_AUDIO_RESERVATION": "1",
        }

    def start(self) -> None:
        """Start it in real time, or without where that is not allowed."""
        for scheduling in ("-R", "-r", "-R"):
            self.process = Process(
                f"jackd {scheduling} -n {self.name} -d dummy -r {SAMPLE_RATE} -p {BLOCK}".split(),
                self.environment,
            )
            if self._answers():
                return
            self.kill()
            if self.process is not None and self.process.says("Too many servers"):
                self._forget_the_dead()
        said = self.process.lines if self.process else []
        raise AssertionError(f"jackd does not start: {said}")

    def end(self) -> None:
        """End it politely: JACK has room for eight servers, and counts those that were killed."""
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.ask_to_end()
            self.process.kill()

    def kill(self) -> None:
        """End it without a warning, as a crash does."""
        if self.process is not None:
            self.process.kill()

    @staticmethod
    def _forget_the_dead() -> None:
        """Take away JACK's list of servers when none of them runs any more."""
        registry = Path("/dev/shm/jack-shm-registry")
        names = (path.read_text().strip() for path in Path("/proc").glob("[0-9]*/comm"))
        if registry.exists() and not any(name.startswith("jackd") for name in names):
            registry.unlink()

    def _answers(self) -> bool:
        for _ in range(50):
            if self.process is None or self.process.status is not None:
                return False
            done = subprocess.run(
                ["jack_lsp", "-s", self.name],
                env=self.environment,
                capture_output=True,
                check=False,
            )
            if done.returncode == 0:
                return True
            time.sleep(0.1)
        return False


@contextlib.contextmanager
def jack_server() -> Iterator[JackServer]:
    server = JackServer()
    server.start()
    try:
        yield server
    finally:
        server.end()
        for left_over in Path("/dev/shm").glob(f"jack_sem*{server.name}*"):
            left_over.unlink(missing_ok=True)


@dataclass(frozen=True)
class Recording:
    """What was heard, and when: JACK's own clock leaps when the machine is late.

    Attributes:
        wave: float32 [frame], the mean of left and right.
        block_seconds: time.monotonic at the beginning of each block.
        block_frames: Where each block begins in `wave`.
    """

    wave: NDArray[np.float32]
    block_seconds: NDArray[np.float64]
    block_frames: NDArray[np.int64]

    def seconds_of(self, moment: float) -> float:
        """Turn a moment on time.monotonic into seconds from the recording's beginning."""
        frame = np.interp(moment, self.block_seconds, self.block_frames.astype(float))
        return float(frame) / SAMPLE_RATE

    def between(self, start: float, end: float) -> NDArray[np.float32]:
        """Cut out what was heard between two moments on time.monotonic."""
        first, last = (round(self.seconds_of(at) * SAMPLE_RATE) for at in (start, end))
        return self.wave[first:last]


class Recorder:
    """A process that records whatever plays into the server's outputs."""

    def __init__(self, server: JackServer) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="timbrepad-recording-")
        self._file = Path(self._folder.name) / "recording.npz"
        self._process = Process(
            [sys.executable, str(Path(__file__).with_name("recorder.py")), str(self._file)],
            server.environment,
        )
        self._process.wait_to_say("recording", 60.0)

    def finish(self) -> Recording:
        """Stop, and give what was recorded."""
        status = self._process.ask_to_end()
        assert status == 0, self._process.lines
        with np.load(self._file) as arrays:
            recording = Recording(arrays["wave"], arrays["seconds"], arrays["frames"])
        self._folder.cleanup()
        return recording

    def kill(self) -> None:
        self._process.kill()
        self._folder.cleanup()


@contextlib.contextmanager
def recording(server: JackServer) -> Iterator[Recorder]:
    recorder = Recorder(server)
    try:
        yield recorder
    finally:
        recorder.kill()


@contextlib.contextmanager
def timbrepad(
    arguments: Sequence[str], environment: dict[str, str], data_folder: Path
) -> Iterator[Process]:
    """Run `timbrepad` as a player does, with a data folder of the test's own."""
    command = [sys.executable, "-m", "timbrepad", *arguments]
    process = Process(command, {**environment, "TIMBREPAD_DATA_DIR": str(data_folder)})
    try:
        yield process
    finally:
        process.kill()


@contextlib.contextmanager
def screen(width: int = 1280, height: int = 800) -> Iterator[str]:
    """Start a virtual screen; gives the value of DISPLAY."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        f"Xvfb -displayfd {writing} -screen 0 {width}x{height}x24 -nolisten tcp".split(),
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        assert number, "Xvfb does not start"
        yield f":{number}"
    finally:
        process.terminate()
        process.wait(END_SECONDS)


def children_of(process_id: int) -> list[int]:
    """List a process's children, theirs too (Linux)."""
    text = ""
    with contextlib.suppress(FileNotFoundError):
        for task in Path(f"/proc/{process_id}/task").iterdir():
            text += (task / "children").read_text()
    children = [int(word) for word in text.split()]
    return children + [grandchild for child in children for grandchild in children_of(child)]


def renderer_of(process_id: int) -> int:
    """Find the renderer among a process's children: the one that has torch in its memory."""
    for child in children_of(process_id):
        with contextlib.suppress(FileNotFoundError):
            if "libtorch" in Path(f"/proc/{child}/maps").read_text():
                return child
    raise AssertionError(f"process {process_id} has no renderer")
