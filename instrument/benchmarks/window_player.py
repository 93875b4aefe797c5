"""An instrument with its window, in a process of its own, as a benchmark holds it."""

import contextlib
import subprocess
import threading
from pathlib import Path

import msgspec

from instrument.options import InstrumentOptions
from instrument.values.events import AnyEvent
from instrument.values.status import AudioStatus, Status

CLOSE_SECONDS = 10.0
SPIN, REST = b"spin", b"rest"


class WindowPlayer:
    """Starts a command that opens the window, and talks with it in lines of JSON.

    The command takes `InstrumentOptions`, then events; an empty line sets the window moving, and
    `SPIN` and `REST` let a thread of its process run without a rest. It gives a `Status` on each
    line.
    """

    def __init__(self, command: list[str], options: InstrumentOptions) -> None:
        """Start the window.

        Args:
            command: What opens it.
            options: With what the instrument starts.
        """
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        self._status = Status(audio=AudioStatus(message="The window is opening."))
        self._send(msgspec.json.encode(options))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def status(self) -> Status:
        """Say how everything stood a moment ago."""
        return self._status

    def post(self, event: AnyEvent) -> None:
        """Play."""
        self._send(msgspec.json.encode(event))

    def begin(self) -> None:
        """Set the window moving."""
        self._send(b"")

    def spin(self, is_on: bool) -> None:
        """Let a thread of the window's process run without a rest, or end it."""
        self._send(SPIN if is_on else REST)

    @property
    def process_id(self) -> int:
        """Of the window's process."""
        return self._process.pid

    def close(self) -> None:
        """Close the window, and with it the instrument."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it was killed
            self._process.stdin.close()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(CLOSE_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._status = msgspec.json.decode(line, type=Status)
