"""What goes through the pipe between a window and the instrument's process.

A frame is four bytes of length, little-endian, and so many bytes of msgpack. Which methods can be
called, and what they take and give, is read off `InstrumentInterface`.
"""

import inspect
import struct
import threading
import typing
from typing import Any, BinaryIO

import msgspec

from instrument.presets.models import ModelLibraryError
from instrument.presets.preset import Preset, PresetError
from instrument.values.events import AnyEvent
from instrument.values.midi_map import MidiMapError
from instrument.values.status import RecordError, Status

from .interface import InstrumentInterface
from .options import InstrumentOptions

MAXIMUM_FRAME = 64 << 20
_LENGTH = struct.Struct("<I")
_NOT_CALLS = {"post", "status", "close"}  # these have messages of their own


class RemoteError(Exception):
    """The instrument's process failed or does not answer; the message says what to do."""


class Message(msgspec.Struct, frozen=True, tag=True):
    """The base of all messages."""


class Start(Message, frozen=True):
    """The first of all: start an instrument."""

    options: InstrumentOptions


class Post(Message, frozen=True):
    """An event; no answer."""

    event: AnyEvent


class Call(Message, frozen=True):
    """A method and its arguments; answered by `Result` or `Failure` of the same number."""

    number: int
    method: str
    arguments: msgspec.Raw


class Close(Message, frozen=True):
    """Stop the instrument; its process ends."""


class Result(Message, frozen=True):
    """What a method gave."""

    number: int
    value: msgspec.Raw


class Failure(Message, frozen=True):
    """What a method raised: the name of a class in `ERRORS`, and its line."""

    number: int
    error: str
    text: str


class Standing(Message, frozen=True):
    """How the instrument stands; sent unasked."""

    status: Status


class Sound(Message, frozen=True):
    """What sounds now, sent unasked when it has changed: it survives the process."""

    preset: Preset


Request = Start | Post | Call | Close
Answer = Result | Failure | Standing | Sound

ERRORS: dict[str, type[Exception]] = {
    error.__name__: error
    for error in (
        ValueError,
        TypeError,
        PresetError,
        ModelLibraryError,
        MidiMapError,
        RecordError,
        RemoteError,
    )
}
"""Those that come out of the pipe as they went in; any other becomes a `RemoteError`."""


class Method(typing.NamedTuple):
    """How a method's arguments and result are read."""

    arguments: msgspec.msgpack.Decoder[tuple[Any, ...]]
    result: msgspec.msgpack.Decoder[Any]


def _methods() -> dict[str, Method]:
    """Read the table of methods off the interface."""
    methods = {}
    for name, function in inspect.getmembers(InstrumentInterface, inspect.isfunction):
        if name.startswith("_") or name in _NOT_CALLS:
            continue
        types = typing.get_type_hints(function)
        result = types.pop("return")
        methods[name] = Method(
            msgspec.msgpack.Decoder(tuple[tuple(types.values())]),  # type: ignore[misc]
            msgspec.msgpack.Decoder(result),
        )
    return methods


METHODS = _methods()

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def encode_value(value: object) -> msgspec.Raw:
    """Write arguments or a result as they go into a message."""
    return msgspec.Raw(_encoder.encode(value))


def failure_of(number: int, error: Exception) -> Failure:
    """Write an error so that the other side can raise it."""
    name = next((n for n, kind in ERRORS.items() if type(error) is kind), RemoteError.__name__)
    return Failure(number, name, str(error) or type(error).__name__)


class Pipe:
    """A pair of byte streams as a stream of messages; any thread sends, one receives."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Send one message whole.

        Raises:
            OSError: If the other side has gone.
        """
        data = _encoder.encode(message)
        try:
            with self._lock:
                self._writer.write(_LENGTH.pack(len(data)) + data)
                self._writer.flush()
        except ValueError as error:  # the file is closed
            raise BrokenPipeError("the pipe is closed") from error

    def receive_request(self) -> Request | None:
        """Wait for a request; None when the other side has gone."""
        data = self._receive()
        return None if data is None else _requests.decode(data)

    def receive_answer(self) -> Answer | None:
        """Wait for an answer; None when the other side has gone."""
        data = self._receive()
        return None if data is None else _answers.decode(data)

    def _receive(self) -> bytes | None:
        try:
            head = self._reader.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                return None
            (length,) = _LENGTH.unpack(head)
            data = self._reader.read(length) if length <= MAXIMUM_FRAME else b""
        except (OSError, ValueError):
            return None
        return data if len(data) == length else None

    def close(self) -> None:
        """Close both streams."""
        for stream in (self._writer, self._reader):
            try:
                stream.close()
            except OSError:  # what was still to be sent has nowhere to go
                continue
