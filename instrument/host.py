"""The instrument's process: serves one window through its standard streams, and ends with it.

Where the window dies while somebody plays, the music is played to its end first.
"""

import contextlib
import faulthandler
import math
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from instrument.storage.paths import data_folder, playing_on_file
from instrument.values.status import Status

from .remote import (
    METHODS,
    Call,
    Close,
    Message,
    Pipe,
    Post,
    Result,
    Sound,
    Standing,
    Start,
    encode_value,
    failure_of,
)

if TYPE_CHECKING:
    from .instrument import Instrument

STATUS_SECONDS = 1 / 30
JOIN_SECONDS = 1.0
CLOSE_SECONDS = 15.0
FAILED_STATUS = 70
SOUND_SECONDS = 0.5  # between two copies of a sound that is being changed
# MIDI messages wait for Python's lock while another thread computes. With the usual 5 ms they come
# late and JACK loses some; with 0.5 ms none was lost.
SWITCH_SECONDS = 0.0005
PLAYED_SECONDS = 10.0  # what was played so long ago is over
LOOK_SECONDS = 0.1


class Host:
    """Serves an instrument through a pipe.

    | thread | does |
    |---|---|
    | the caller of `serve` | reads the pipe; passes events on at once |
    | calls | calls methods, one after the other; they may take their time |
    | status | tells how things stand, 30 times a second |
    """

    def __init__(
        self,
        instrument: "Instrument",
        pipe: Pipe,
        on_end: Callable[[], None] = lambda: None,
        marker: Path | None = None,
    ) -> None:
        """Be ready to serve.

        Args:
            instrument: It is closed in the end.
            pipe: To the window.
            on_end: Called when the window has gone, before the instrument is closed.
            marker: File that is there while the instrument plays on without its window; who takes
                it away ends it. None: it does not play on.
        """
        self._instrument = instrument
        self._pipe = pipe
        self._on_end = on_end
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._marker = marker
        self._played_at = -math.inf  # written by the thread that tells the status

    def serve(self) -> None:
        """Serve until the window says so, then close the instrument.

        Where the window has gone without a word, the instrument is first played to the end.
        """
        threads = [
            threading.Thread(target=self._serve_calls, name="calls", daemon=True),
            threading.Thread(target=self._tell_status, name="status", daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            if not self._read() and self._marker is not None:
                self._play_on(self._marker)
        finally:
            self._on_end()
            self._ended.set()
            self._calls.put(None)
            self._instrument.close()
            for thread in threads:
                thread.join(JOIN_SECONDS)  # a method that hangs hinders no end
            self._pipe.close()

    def _play_on(self, marker: Path) -> None:
        """Play without a window for as long as somebody plays, or until another one is opened."""
        try:
            marker.touch()
            while time.monotonic() - self._played_at < PLAYED_SECONDS and marker.exists():
                self._look(self._instrument.status())
                time.sleep(LOOK_SECONDS)
            marker.unlink(missing_ok=True)
        except OSError:  # nobody could end it
            return

    def _look(self, status: Status) -> None:
        if status.n_voices > 0 or any(status.gated):
            self._played_at = time.monotonic()

    def _read(self) -> bool:
        """Obey the window; say whether it has asked for the end, and not just gone."""
        while True:
            match self._pipe.receive_request():
                case Post(event=event):
                    try:
                        self._instrument.post(event)
                    except ValueError as error:  # nobody waits for an answer
                        self._instrument.notify(str(error))
                case Call() as call:
                    self._calls.put(call)
                case Close():
                    return True
                case None:
                    return False
                case Start():
                    self._instrument.notify("The instrument has been started already.")

    def _serve_calls(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                self._pipe.send(self._answer(call))
            except OSError:  # the window has gone; `_read` sees it, too
                return

    def _answer(self, call: Call) -> Message:
        try:
            arguments = METHODS[call.method].arguments.decode(call.arguments)
            value = getattr(self._instrument, call.method)(*arguments)
            return Result(call.number, encode_value(value))
        except Exception as error:  # whatever it is, the window shall hear of it
            return failure_of(call.number, error)

    def _tell_status(self) -> None:
        told, told_at = -1, -SOUND_SECONDS
        try:
            while not self._ended.wait(STATUS_SECONDS):
                status = self._instrument.status()
                self._look(status)
                self._pipe.send(Standing(status))
                revision, now = self._instrument.revision, time.monotonic()
                if revision != told and now - told_at >= SOUND_SECONDS:
                    told, told_at = revision, now
                    self._pipe.send(Sound(self._instrument.preset()))
        except OSError:  # the window has gone; `_read` sees it, too
            return


def take_standard_streams() -> Pipe:
    """Make a pipe of standard input and output, and keep everybody else from writing into it."""
    reader = os.fdopen(os.dup(0), "rb")
    writer = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)  # what a library prints goes to the terminal
    return Pipe(reader, writer)


def end_in_time() -> None:
    """See to it that the process ends soon, even where closing hangs.

    A thread of JACK's that is cancelled while it waits for Python's lock can keep that lock for
    ever; this watchdog does not need it.
    """
    faulthandler.dump_traceback_later(CLOSE_SECONDS, exit=True)


def end_with_a_thread(failure: threading.ExceptHookArgs) -> None:
    """End the process when one of its threads fails: the window starts it anew, whole."""
    sys.__excepthook__(failure.exc_type, failure.exc_value or SystemExit(), failure.exc_traceback)
    os._exit(FAILED_STATUS)


def main() -> int:
    """Be the instrument's process; gives its exit status."""
    pipe = take_standard_streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the window, which ends us
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.excepthook = end_with_a_thread
    sys.setswitchinterval(SWITCH_SECONDS)
    start = pipe.receive_request()
    if not isinstance(start, Start):
        return 2
    try:
        from .instrument import Instrument  # noqa: PLC0415  # takes a while; the pipe is there

        # one that plays on without its window gives way to this one
        data = start.options.data_folder
        marker = playing_on_file(Path(data) if data else data_folder())
        with contextlib.suppress(OSError):
            marker.unlink(missing_ok=True)
        instrument = Instrument(start.options)
    except Exception as error:  # the window shall say it, whatever it is
        pipe.send(failure_of(0, error))
        return 1
    Host(instrument, pipe, end_in_time, marker).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
