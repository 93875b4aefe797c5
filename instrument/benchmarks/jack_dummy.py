"""A JACK server without a sound card, under a name of its own; to measure and test with."""

import contextlib
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

_SHARED_MEMORY = Path("/dev/shm")
_TRIES = 50
_TRY_SECONDS = 0.1
_END_SECONDS = 10.0


class JackServerError(Exception):
    """No JACK server can be started; the message says what to do."""


class JackServer:
    """A server with the dummy driver; nobody else's programs find it."""

    def __init__(self, block: int = 128, sample_rate: int = 48000) -> None:
        """Choose a name; nothing runs before `start`.

        Args:
            block: Frames a period.
            sample_rate: In Hz; another one may be set before it is started again.
        """
        self.name = f"timbrepad-{uuid.uuid4().hex[:8]}"
        self.sample_rate = sample_rate
        self._block = block
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to find this server and no other, and to start none."""
        own = {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1"}
        return {**os.environ, **own, "JACK_NO_AUDIO_RESERVATION": "1"}

    def start(self) -> None:
        """Start the server, in real time where that is allowed.

        Raises:
            JackServerError: If it does not start.
        """
        driver = f"-d dummy -r {self.sample_rate} -p {self._block}"
        for scheduling in ("-R", "-r", "-R"):
            try:
                self._process = subprocess.Popen(
                    f"jackd {scheduling} -n {self.name} {driver}".split(),
                    env=self.environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                raise JackServerError(
                    "JACK is not installed. Install it: apt-get install jackd2"
                ) from error
            if self._answers():
                return
            self.kill()
            _forget_the_dead()
        raise JackServerError("jackd does not start. Try it by hand: jackd -d dummy")

    def end(self) -> None:
        """End it politely: JACK has room for eight servers, and counts those that were killed."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
            self.kill()

    def kill(self) -> None:
        """End it without a warning, as a crash does."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _answers(self) -> bool:
        assert self._process is not None
        for _ in range(_TRIES):
            if self._process.poll() is not None:
                return False
            asked = subprocess.run(
                ["jack_lsp"], env=self.environment, capture_output=True, check=False
            )
            if asked.returncode == 0:
                return True
            time.sleep(_TRY_SECONDS)
        return False


@contextlib.contextmanager
def jack_server(block: int = 128) -> Iterator[JackServer]:
    """Run a server and clean up after it.

    Raises:
        JackServerError: If it does not start.
    """
    server = JackServer(block)
    server.start()
    try:
        yield server
    finally:
        server.end()
        for left_over in _SHARED_MEMORY.glob(f"jack_sem*{server.name}*"):
            left_over.unlink(missing_ok=True)


def _forget_the_dead() -> None:
    """Take away JACK's list of servers when none of them runs any more: it may be full."""
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):  # it has just ended
            if path.read_text().startswith("jackd"):
                return
    (_SHARED_MEMORY / "jack-shm-registry").unlink(missing_ok=True)
