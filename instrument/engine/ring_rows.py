"""What each event is in the ring: a table, and the checks at its door."""

import math
from collections.abc import Callable
from typing import Any

from instrument.values import events
from instrument.values.parameters import (
    BREATH,
    EXPRESSION,
    PORTAMENTO_FROM,
    RESET_CONTROLLERS,
    SLIDE,
    SOFT_PEDAL,
    SOSTENUTO_PEDAL,
    SUSTAIN_PEDAL,
)
from instrument.values.zones import slide_place

from . import ring

Row = tuple[int, int, float]  # kind, number, value


def require(name: str, value: int, low: int, high: int) -> int:
    """Give a whole number, or raise ValueError if it lies outside its range."""
    if not low <= value <= high:
        raise ValueError(f"{name} must be {low}..{high}, not {value}")
    return value


def finite(name: str, value: float) -> float:
    """Give a number, or raise ValueError if it is none."""
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, not {value}")
    return value


def _note_on(event: events.NoteOn) -> Row:
    velocity = require("velocity", event.velocity, 1, 127)
    return ring.NOTE_ON, require("note", event.note, 0, 127), float(velocity)


def _note_off(event: events.NoteOff) -> Row:
    velocity = require("velocity", event.velocity, 0, 127)
    return ring.NOTE_OFF, require("note", event.note, 0, 127), float(velocity)


def _control_change(event: events.ControlChange) -> Row | None:
    value = require("value", event.value, 0, 127)
    if event.controller == PORTAMENTO_FROM:
        return ring.GLIDE_FROM, value, 0.0
    row = _CONTROLLERS.get(event.controller)
    if row is None:
        return None
    kind, number = row
    is_slide = (kind, number) == (ring.CONTROL, ring.SLIDE)
    return kind, number, (slide_place(value) if is_slide else value / 127.0)


def _bend(event: events.PitchBend) -> Row:
    value = min(max(finite("bend", event.value), -1.0), 1.0)
    return ring.CONTROL, ring.BEND, value


def _channel_pressure(event: events.ChannelPressure) -> Row:
    return ring.CONTROL, ring.PRESSURE, require("value", event.value, 0, 127) / 127.0


def _key_pressure(event: events.KeyPressure) -> Row:
    note = require("note", event.note, 0, 127)
    return ring.KEY_PRESSURE, note, require("value", event.value, 0, 127) / 127.0


def _zones(event: events.SetZones) -> Row:
    lower = require("lower", event.zones.lower, 0, 15)
    return ring.ZONES, lower, float(require("upper", event.zones.upper, 0, 15))


# The controllers that a voice feels by its channel. Others move parameters, before they get here.
_CONTROLLERS: dict[int, tuple[int, int]] = {
    SUSTAIN_PEDAL: (ring.PEDAL, ring.SUSTAIN),
    SOSTENUTO_PEDAL: (ring.PEDAL, ring.SOSTENUTO),
    SOFT_PEDAL: (ring.PEDAL, ring.SOFT),
    EXPRESSION: (ring.CONTROL, ring.EXPRESSION),
    BREATH: (ring.CONTROL, ring.BREATH),
    SLIDE: (ring.CONTROL, ring.SLIDE),
    RESET_CONTROLLERS: (ring.RESET, 0),
}

# What each event is in the ring. Others are not for the engine.
_RING_ROWS: dict[type[events.Event], Callable[[Any], Row | None]] = {
    events.NoteOn: _note_on,
    events.NoteOff: _note_off,
    events.ControlChange: _control_change,
    events.PitchBend: _bend,
    events.ChannelPressure: _channel_pressure,
    events.KeyPressure: _key_pressure,
    events.SetZones: _zones,
    events.AllNotesOff: lambda _: (ring.ALL_NOTES_OFF, 0, 0.0),
    events.Panic: lambda _: (ring.PANIC, 0, 0.0),
}


def row_of(event: events.Event) -> Row | None:
    """Give an event's kind, number and value in the ring; None if it is not for the engine.

    Raises:
        ValueError: If a number in it is out of its range.
    """
    make = _RING_ROWS.get(type(event))
    return make(event) if make is not None else None
