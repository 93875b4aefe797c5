"""The sound output, kept as asked for while devices and servers come and go."""

from collections.abc import Callable
from typing import Protocol

from instrument.engine.engine import Engine
from instrument.values.status import AudioDevice, AudioSettings, AudioStatus

from .audio import DeviceError, list_outputs, open_stream, rate_of, refresh_outputs

RETRY_SECONDS = 0.5  # from one try to open an output to the next
SLOWEST_RETRY_SECONDS = 1.0
TRY_SHARE = 0.25  # of the time that tries may take, where looking for devices is slow
WITHOUT_OUTPUT_HZ = 48000.0

EngineFor = Callable[[float], Engine]


class Stream(Protocol):
    """What is needed of an `AudioStream`."""

    @property
    def alive(self) -> bool:
        """Whether it still asks for sound."""
        ...

    @property
    def status(self) -> AudioStatus:
        """How it stands."""
        ...

    def close(self) -> bool:
        """Stop it; False when that hangs, and it was given up."""
        ...


class Output:
    """Opens the output that is asked for, sees when it dies, and tries again.

    One thread at a time calls its methods; `status` and `is_pulling` may be read by any.
    """

    def __init__(
        self,
        say: Callable[..., None],
        clock: Callable[[], float],
        open_stream: Callable[[AudioSettings, EngineFor], Stream] = open_stream,
    ) -> None:
        """Prepare; nothing is open before `poll`.

        Args:
            say: Takes a line for the player, and whether it `is_error`.
            clock: Seconds.
            open_stream: Opens an output on the engine for its rate; raises DeviceError.
        """
        self._say = say
        self._clock = clock
        self._open_stream = open_stream
        self._wanted: AudioSettings | None = None
        self._stream: Stream | None = None
        self._next_try = 0.0
        self._problem = ""

    @property
    def status(self) -> AudioStatus:
        """How it stands."""
        stream, wanted = self._stream, self._wanted
        if stream is not None:
            return stream.status
        if wanted is None:
            return AudioStatus(message="No sound output was asked for.")
        return AudioStatus(device=wanted.device, block=wanted.block, message=self._problem)

    @property
    def is_pulling(self) -> bool:
        """Whether somebody takes sound from the engine.

        That is a stream or, when no output is asked for, whoever made the instrument.
        """
        return self._wanted is None or self._stream is not None

    def devices(self) -> tuple[AudioDevice, ...]:
        """List the outputs; empty when there is none."""
        try:
            refresh_outputs()
            return list_outputs()
        except DeviceError:  # `status` says it
            return ()

    def ask(self, settings: AudioSettings | None) -> None:
        """Ask for an output, or for none; `poll` opens it."""
        self._discard()
        self._wanted = settings
        self._next_try = self._clock()
        self._problem = ""

    def expected_rate(self) -> float:
        """Give the rate that the wanted output will have, in Hz, as far as is known."""
        if self._wanted is None:
            return WITHOUT_OUTPUT_HZ
        try:
            return rate_of(self._wanted)
        except DeviceError:  # `poll` says it
            return float(self._wanted.sample_rate) or WITHOUT_OUTPUT_HZ

    def poll(self, engine_for: EngineFor) -> bool:
        """Open what is wanted, see what has died; say whether it came back after a trouble."""
        stream = self._stream
        if stream is not None and not stream.alive:
            self._trouble(
                f'The sound output "{stream.status.device}" has stopped. It is opened again as '
                "soon as it is back; or choose another in the audio settings."
            )
            self._discard()
            self._next_try = self._clock()
        if self._wanted is None or self._stream is not None or self._clock() < self._next_try:
            return False
        return self._open(self._wanted, engine_for)

    def close(self) -> None:
        """Close the output for good."""
        self._discard()
        self._wanted = None

    def _open(self, settings: AudioSettings, engine_for: EngineFor) -> bool:
        was_troubled, began = bool(self._problem), self._clock()
        try:
            self._stream = self._open_stream(settings, engine_for)
        except DeviceError as error:
            now = self._clock()
            rest = max((now - began) / TRY_SHARE, RETRY_SECONDS)
            self._next_try = now + min(rest, SLOWEST_RETRY_SECONDS)
            if not was_troubled:  # said once, tried on and on
                self._trouble(str(error))
            return False
        self._problem = ""
        if was_troubled:
            self._say(f'The sound output "{self.status.device}" is there.', is_error=False)
        return was_troubled

    def _trouble(self, line: str) -> None:
        self._problem = line
        self._say(line)

    def _discard(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
