"""Hours of dense playing at full speed, without a device: does anything stick, break or grow?"""

import gc
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np

from instrument.instrument import Instrument
from instrument.options import InstrumentOptions
from instrument.presets.library import PresetLibrary
from instrument.presets.models import CONFIG_FILE, ModelLibrary
from instrument.presets.preset import PresetError
from instrument.storage.paths import models_folder
from instrument.values.events import (
    AllNotesOff,
    AnyEvent,
    ChannelPressure,
    ControlChange,
    MovePad,
    NoteOff,
    NoteOn,
    PitchBend,
    SetParameter,
)
from instrument.values.parameters import PARAMETERS, SUSTAIN_PEDAL
from instrument.values.status import ModelInfo

from .key_probe import BenchError

BLOCK = 128
EVENTS_A_BLOCK = 0.15  # 56 a second at 48 kHz
PRESET_SECONDS, MODEL_SECONDS = 20.0, 60.0  # of music, from one change to the next
READY_SECONDS = 300.0
TAIL_SECONDS = 45.0  # the longest release, and some
SILENCE = 1e-4
N_LOOKS = 5  # at the memory
SEED = 1
_STATM = Path("/proc/self/statm")


def bench_soak(
    minutes: float, progress: Callable[[float, float, str], None] = lambda *_: None
) -> dict[str, Any]:
    """Play at random for so many minutes of music, as fast as it goes, then let all go.

    Notes on all channels, pedals, wheels, pressure, knobs and the pad move all the time; presets
    and models change: each model has a twin of another name.

    Args:
        minutes: Of music.
        progress: Told what is done, of how much, and in which unit.

    Returns:
        `minutes`, `seconds` that it took, `events`, `presets` and `models` opened; `not_finite`
        samples; `loudest` sample; `stuck_voices` after all is let go, and `silent` in the end;
        `dropped_events`; `memory_mb`, this process's own without the notes, after each fifth of
        the time, where the system tells.

    Raises:
        BenchError: If there is no model, or it is not ready in time.
    """
    with tempfile.TemporaryDirectory(prefix="timbrepad-soak-") as folder:
        options = InstrumentOptions(
            audio=None, midi_port="", data_folder=folder, bake=False, remember=False
        )
        for model in ModelLibrary(models_folder(Path(folder))).list():
            _add_twin(model, models_folder(Path(folder)))
        instrument = Instrument(options)
        try:
            _wait_until_ready(instrument)
            return soak(instrument, PresetLibrary(), minutes, progress)
        finally:
            instrument.close()


def _add_twin(model: ModelInfo, folder: Path) -> None:
    """Copy a model under another name: another model for all but the ear."""
    twin = folder / f"{model.name} twin"
    shutil.copytree(model.path, twin)
    config = twin / CONFIG_FILE
    fields = msgspec.json.decode(config.read_bytes())
    config.write_bytes(msgspec.json.encode(fields | {"name": twin.name}))


def _wait_until_ready(instrument: Instrument) -> None:
    end = time.monotonic() + READY_SECONDS
    while not 0 < instrument.status().n_notes == instrument.status().n_fresh:
        if time.monotonic() > end or instrument.status().renderer == "failed":
            raise BenchError("The notes are not ready. Try: timbrepad doctor")
        time.sleep(0.05)


def soak(
    instrument: Instrument,
    library: PresetLibrary,
    minutes: float,
    progress: Callable[[float, float, str], None] = lambda *_: None,
) -> dict[str, Any]:
    """As `bench_soak`, with an instrument that is ready and a library's presets."""
    random = Random(SEED)
    names = [entry.name for entry in library.list() if not entry.problem]
    models = instrument.models()
    rate = instrument.engine.sample_rate
    out = np.zeros((BLOCK, 2), np.float32)
    n_blocks = round(minutes * 60 * rate / BLOCK)
    counts = {"events": 0, "presets": 0, "models": 0, "not_finite": 0}
    loudest, memory, began = 0.0, [], time.monotonic()
    for number in range(n_blocks):
        if random.random() < EVENTS_A_BLOCK:
            instrument.post(_any_event(random))
            counts["events"] += 1
        if number % round(PRESET_SECONDS * rate / BLOCK) == 0 and names:
            try:
                instrument.load_preset(library.load(random.choice(names)))
                counts["presets"] += 1
            except PresetError as error:  # the player's own, damaged
                instrument.notify(str(error))
        if number % round(MODEL_SECONDS * rate / BLOCK) == 1 and len(models) > 1:
            instrument.load_model(random.choice(models).path)
            counts["models"] += 1
        instrument.engine.process(out)
        counts["not_finite"] += int(np.size(out) - np.isfinite(out).sum())
        loudest = max(loudest, float(np.abs(out).max()))
        if (number + 1) % max(n_blocks // N_LOOKS, 1) == 0:
            gc.collect()
            memory.append(_memory_mb())
        if number % 1000 == 0:
            progress(number * BLOCK / rate, minutes * 60, "s")
    _let_go(instrument)
    tail = np.zeros((round(TAIL_SECONDS * rate), 2), np.float32)
    instrument.engine.process(tail)
    counters = instrument.engine.counters()
    return {
        "minutes": minutes,
        "seconds": round(time.monotonic() - began, 1),
        **counts,
        "loudest": round(loudest, 4),
        "stuck_voices": counters.n_voices,
        "silent": bool(np.abs(tail[-BLOCK:]).max() < SILENCE),
        "dropped_events": counters.dropped_events,
        "memory_mb": memory,
    }


def _any_event(random: Random) -> AnyEvent:
    channel, kind = random.randrange(16), random.random()
    if kind < 0.35:
        return NoteOn(
            note=random.randrange(24, 100), velocity=random.randrange(1, 128), channel=channel
        )
    if kind < 0.6:
        return NoteOff(note=random.randrange(24, 100), channel=channel)
    if kind < 0.7:
        controller = random.choice((SUSTAIN_PEDAL, SUSTAIN_PEDAL, 66, 67, 1, 2, 11, 121))
        return ControlChange(
            controller=controller, value=random.choice((0, 0, 64, 127)), channel=channel
        )
    if kind < 0.78:
        return PitchBend(value=random.uniform(-1, 1), channel=channel)
    if kind < 0.84:
        return ChannelPressure(value=random.randrange(128), channel=channel)
    if kind < 0.9:
        row = random.choice(PARAMETERS)
        return SetParameter(name=row.name, value=row.from_position(random.random()))
    if kind < 0.99:
        return MovePad(x=random.random(), y=random.random())
    return AllNotesOff()


def _let_go(instrument: Instrument) -> None:
    """Let every key and pedal go."""
    instrument.post(AllNotesOff())
    for channel in range(16):
        instrument.post(ControlChange(controller=121, value=0, channel=channel))
    instrument.post(SetParameter(name="release", value=1.0))
    instrument.post(AllNotesOff())


def _memory_mb() -> float | None:
    """Give what this process alone has in memory; None where the system does not say (Linux does).

    The pool is not in it: its pages come as its slots are first used, and are shared.
    """
    if not _STATM.exists():
        return None
    resident, shared = map(int, _STATM.read_text().split()[1:3])
    return round((resident - shared) * os.sysconf("SC_PAGE_SIZE") / (1 << 20), 1)
