"""MIDI's bytes become messages, and messages become events; knows no ports."""

from collections.abc import Callable
from typing import Any

import mido

from instrument.values.events import (
    AllNotesOff,
    AnyEvent,
    ChannelPressure,
    ContinueSong,
    ControlChange,
    KeyPressure,
    LocateSong,
    MidiClock,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    StartSong,
    StopSong,
)
from instrument.values.parameters import ALL_NOTES_OFF, ALL_SOUND_OFF

from .midi_tuning import tune_keys

SYSEX, SYSEX_END = 0xF0, 0xF7
SONG_POSITION = 0xF2
MOST_SYSEX_BYTES = 1024  # a dump of a tuning has 408; what is longer is none of ours

Message = Any  # mido has no types


def _note_on(m: Message, at: float) -> AnyEvent:
    if m.velocity == 0:
        return NoteOff(note=m.note, channel=m.channel, time_seconds=at)
    return NoteOn(note=m.note, velocity=m.velocity, channel=m.channel, time_seconds=at)


def _note_off(m: Message, at: float) -> AnyEvent:
    return NoteOff(note=m.note, velocity=m.velocity, channel=m.channel, time_seconds=at)


def _control_change(m: Message, at: float) -> AnyEvent:
    mode = _CHANNEL_MODES.get(m.control)
    if mode is not None:
        return mode(time_seconds=at)
    return ControlChange(controller=m.control, value=m.value, channel=m.channel, time_seconds=at)


def _pitch_bend(m: Message, at: float) -> AnyEvent:
    # 14 bits, -8192..8191: both ends are reached, and the middle stays exactly 0
    value = m.pitch / (8192 if m.pitch < 0 else 8191)
    return PitchBend(value=value, channel=m.channel, time_seconds=at)


def _channel_pressure(m: Message, at: float) -> AnyEvent:
    return ChannelPressure(value=m.value, channel=m.channel, time_seconds=at)


def _key_pressure(m: Message, at: float) -> AnyEvent:
    return KeyPressure(note=m.note, value=m.value, channel=m.channel, time_seconds=at)


def _system_exclusive(m: Message, at: float) -> AnyEvent | None:
    return tune_keys(m.data, at)


def _program_change(m: Message, at: float) -> AnyEvent:
    return ProgramChange(program=m.program, channel=m.channel, time_seconds=at)


def _system_reset(_message: Message, at: float) -> AnyEvent:
    return Panic(time_seconds=at)


def _clock(_message: Message, at: float) -> AnyEvent:
    return MidiClock(time_seconds=at)


def _start(_message: Message, at: float) -> AnyEvent:
    return StartSong(time_seconds=at)


def _continue(_message: Message, at: float) -> AnyEvent:
    return ContinueSong(time_seconds=at)


def _stop(_message: Message, at: float) -> AnyEvent:
    return StopSong(time_seconds=at)


def _song_position(m: Message, at: float) -> AnyEvent:
    return LocateSong(sixteenths=m.pos, time_seconds=at)


_CHANNEL_MODES: dict[int, Callable[..., AnyEvent]] = {
    ALL_SOUND_OFF: Panic,
    ALL_NOTES_OFF: AllNotesOff,
    124: AllNotesOff,  # omni off and omni on, which also let every key go
    125: AllNotesOff,
}

EVENT_OF_MESSAGE: dict[str, Callable[[Message, float], AnyEvent | None]] = {
    "note_on": _note_on,
    "note_off": _note_off,
    "control_change": _control_change,
    "pitchwheel": _pitch_bend,
    "aftertouch": _channel_pressure,
    "polytouch": _key_pressure,
    "sysex": _system_exclusive,
    "program_change": _program_change,
    "reset": _system_reset,
    "clock": _clock,
    "start": _start,
    "continue": _continue,
    "stop": _stop,
    "songpos": _song_position,
}
"""By mido's name of the message; messages that are not here mean nothing to the instrument."""


def event_of(message: Message, time_seconds: float) -> AnyEvent | None:
    """Turn a mido message into an event, or None when the instrument has no use for it.

    Args:
        message: A `mido.Message`.
        time_seconds: When it came, on the clock of `time.monotonic`.
    """
    make = EVENT_OF_MESSAGE.get(message.type)
    return make(message, time_seconds) if make else None


class MessageParser:
    """Cuts a stream of MIDI bytes into messages.

    It keeps the running status (data bytes without a status byte of their own belong to the last
    one) and lets real-time bytes pass that stand inside another message; mido's parser drops
    both. Which message a status byte begins, and how long it is, mido says.
    """

    def __init__(self) -> None:
        self._running = 0  # status of the data that comes; 0: it is of no use
        self._bytes: list[int] = []

    def feed(self, data: bytes | list[int] | tuple[int, ...]) -> list[Message]:
        """Take some bytes; give the messages that they complete."""
        messages = []
        for byte in data:
            complete = self._take(byte)
            if complete is not None:
                messages.append(complete)
        return messages

    def _take(self, byte: int) -> Message | None:
        if byte >= 0xF8:  # real time: one byte, anywhere
            return _message([byte])
        if byte >= 0x80:
            return self._take_status(byte)
        if not self._running:  # the stream began mid-message, or this one is of no use
            return None
        self._bytes.append(byte)
        if self._running == SYSEX:
            if len(self._bytes) > MOST_SYSEX_BYTES:
                self._running, self._bytes = 0, []
            return None
        if len(self._bytes) < _n_data_bytes(self._running):
            return None
        complete, self._bytes = [self._running, *self._bytes], []
        if self._running == SONG_POSITION:  # no running status after it
            self._running = 0
        return _message(complete)

    def _take_status(self, byte: int) -> Message | None:
        before, data = self._running, self._bytes
        # system common ends the running status; of it only the song position is of use here
        is_of_use = byte <= SYSEX or byte == SONG_POSITION
        self._running, self._bytes = (byte if is_of_use else 0), []
        if byte == SYSEX_END and before == SYSEX:
            return _message([SYSEX, *data, SYSEX_END])
        return None


def _n_data_bytes(status: int) -> int:
    return 1 if 0xC0 <= status < 0xE0 else 2


def _message(data: list[int]) -> Message | None:
    try:
        return mido.Message.from_bytes(data)
    except ValueError:  # an undefined status
        return None
