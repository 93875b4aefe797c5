"""Any bytes at the MIDI input: nothing breaks, and panic silences everything."""

import random

import numpy as np
import pytest

from instrument.control.controls import Controls
from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool
from instrument.engine.ring import RING_SIZE
from instrument.midi.midi_messages import MessageParser, event_of
from instrument.values.events import Panic
from tests.instrument.playing import RATE, steady_note

N_BYTES = 334_000  # of each kind: a million in all
PANIC_SECONDS = 0.020
# Status bytes that a flood of wholly random bytes would drown in real-time messages.
STATUSES = [kind | channel for kind in range(0x80, 0xF0, 0x10) for channel in range(16)]


def any_bytes(source):
    return source.randrange(256)


def mostly_channel_messages(source):
    if source.random() < 0.3:
        return source.choice([*STATUSES, 0xF0, 0xF7, 0xF8])
    return source.randrange(128)


def registered_parameters_and_notes(source):
    if source.random() < 0.3:
        return source.choice([0x90, 0x91, 0x80, 0xB0, 0xB1, 0xBF, 0xE1])
    return source.choice([0, 5, 6, 38, 60, 64, 65, 67, 96, 100, 101, 126, 127])


@pytest.mark.parametrize(
    "make", [any_bytes, mostly_channel_messages, registered_parameters_and_notes]
)
def test_any_bytes_are_survived_and_panic_silences_them(make):
    pool = NotePool(4, 2 * RATE)
    for slot, note in enumerate((24, 60, 96), 1):
        pool.write(slot, steady_note(note, 2.0))
    engine, controls, parser = Engine(RATE, pool, n_voices=32), Controls(), MessageParser()
    for slot, note in enumerate((24, 60, 96), 1):
        engine.publish(note, NoteInfo(slot, 2 * RATE, 100, 2 * RATE - 100))
    source = random.Random(7)
    data = bytes(make(source) for _ in range(N_BYTES))
    out = np.zeros((64, 2), np.float32)
    n_played, loudest = 0, 0.0
    for first in range(0, N_BYTES, 1000):
        for message in parser.feed(data[first : first + 1000]):
            event = event_of(message, 0.0)
            for played in controls.play(event) if event is not None else ():
                n_played += 1
                assert engine.post(played)
        engine.process(out)
        assert np.isfinite(out).all()
        loudest = max(loudest, float(np.abs(out).max()))
    assert n_played > RING_SIZE
    assert 0.01 < loudest <= 1.0
    engine.post(Panic())
    engine.process(np.zeros((round(PANIC_SECONDS * RATE), 2), np.float32))
    engine.process(out)
    assert not out.any()
    assert engine.counters().broken == 0
    del engine
    pool.close()
