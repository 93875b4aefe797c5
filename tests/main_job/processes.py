"""The processes of the big tests: a JACK server of their own, Timbrepad, a recorder, a screen."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from instrument.benchmarks.jack_dummy import JackServer
from instrument.benchmarks.jack_recorder import Recording, read_recording

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


class Recorder:
    """A process that records whatever plays into the server's outputs."""

    def __init__(self, server: JackServer) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="timbrepad-recording-")
        self._file = Path(self._folder.name) / "recording.npz"
        self._process = Process(
            [sys.executable, "-m", "instrument.benchmarks.jack_recorder", str(self._file)],
            server.environment,
        )
        self._process.wait_to_say("recording", 60.0)

    def finish(self) -> Recording:
        """Stop, and give what was recorded."""
        status = self._process.ask_to_end()
        assert status == 0, self._process.lines
        recording = read_recording(self._file)
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
        f"Xvfb -displayfd {writing} -screen 0 {width}x{height}x24 -nolisten tcp -noreset".split(),
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
