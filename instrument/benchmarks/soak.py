"""Hours of dense playing at full speed, without a device: does anything stick, break or grow?"""

import contextlib
import gc
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

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
from instrument.values.status import AudioSettings, ModelInfo

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
    with ready_instrument(audio=None) as instrument:
        return soak(instrument, PresetLibrary(), minutes, progress)


@contextlib.contextmanager
def ready_instrument(audio: AudioSettings | None) -> Iterator[Instrument]:
    """Open an instrument on a folder of its own with a twin of each model; wait for its notes.

    Args:
        audio: The output; None: whoever asks for it takes the sound off the engine.

    Raises:
        BenchError: If there is no model, or it is not ready in time.
    """
    with tempfile.TemporaryDirectory(prefix="timbrepad-soak-") as folder:
        options = InstrumentOptions(
            audio=audio, midi_port="", data_folder=folder, bake=False, remember=False
        )
        for model in ModelLibrary(models_folder(Path(folder))).list():
            _add_twin(model, models_folder(Path(folder)))
        instrument = Instrument(options)
        try:
            _wait_until_ready(instrument)
            yield instrument
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
    player = RandomPlayer(instrument, library, minutes)
    out = np.zeros((BLOCK, 2), np.float32)
    while not player.is_over:
        player.before_block()
        instrument.engine.process(out)
        player.hear(out)
        player.change_sounds()
        if player.n_blocks % 1000 == 0:
            progress(player.seconds, minutes * 60, "s")
    player.let_go()
    tail = np.zeros((round(TAIL_SECONDS * player.sample_rate), 2), np.float32)
    instrument.engine.process(tail)
    return player.figures(loudest_at_end=float(np.abs(tail[-BLOCK:]).max()))


class RandomPlayer:
    """Plays an instrument at random, block by block, and takes down what comes of it.

    Attributes:
        sample_rate: In Hz.
        n_blocks: Heard so far.
    """

    def __init__(self, instrument: Instrument, library: PresetLibrary, minutes: float) -> None:
        """Begin.

        Args:
            instrument: Ready to be played.
            library: Of the presets that it goes through.
            minutes: Of music.
        """
        self._instrument, self._library, self._minutes = instrument, library, minutes
        self._random = Random(SEED)
        self._choice = Random(SEED + 1)  # of sounds: another thread's than the notes'
        self._names = [entry.name for entry in library.list() if not entry.problem]
        self._models = instrument.models()
        self.sample_rate = instrument.engine.sample_rate
        self.n_blocks = 0
        self._end = round(minutes * 60 * self.sample_rate / BLOCK)
        self._counts = {"events": 0, "presets": 0, "models": 0, "not_finite": 0}
        self._loudest, self._memory = 0.0, list[float | None]()
        self._preset_at, self._model_at = 0.0, MODEL_SECONDS
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Of music, that have been heard."""
        return self.n_blocks * BLOCK / self.sample_rate

    @property
    def is_over(self) -> bool:
        """Whether all has been played."""
        return self.n_blocks >= self._end

    def before_block(self) -> None:
        """Play what belongs into the next block."""
        if not self.is_over and self._random.random() < EVENTS_A_BLOCK:
            self._instrument.post(_any_event(self._random))
            self._counts["events"] += 1

    def hear(self, block: NDArray[np.float32]) -> None:
        """Take down what a block holds, float32 [frame, 2]."""
        self._counts["not_finite"] += int(np.size(block) - np.isfinite(block).sum())
        self._loudest = max(self._loudest, float(np.abs(block).max()))
        self.n_blocks += 1

    def change_sounds(self) -> None:
        """Go on to other presets and models, and look at the memory, where it is time."""
        if self.seconds >= self._preset_at and self._names:
            self._preset_at += PRESET_SECONDS
            try:
                self._instrument.load_preset(self._library.load(self._choice.choice(self._names)))
                self._counts["presets"] += 1
            except PresetError as error:  # the player's own, damaged
                self._instrument.notify(str(error))
        if self.seconds >= self._model_at and len(self._models) > 1:
            self._model_at += MODEL_SECONDS
            self._instrument.load_model(self._choice.choice(self._models).path)
            self._counts["models"] += 1
        if self.n_blocks >= (len(self._memory) + 1) * max(self._end // N_LOOKS, 1):
            gc.collect()
            self._memory.append(_memory_mb())

    def let_go(self) -> None:
        """Let every key and pedal go."""
        self._instrument.post(AllNotesOff())
        for channel in range(16):
            self._instrument.post(ControlChange(controller=121, value=0, channel=channel))
        self._instrument.post(SetParameter(name="release", value=1.0))
        self._instrument.post(AllNotesOff())

    def figures(self, loudest_at_end: float) -> dict[str, Any]:
        """Give the figures, with the largest sample of a block long after `let_go`."""
        counters = self._instrument.engine.counters()
        return {
            "minutes": self._minutes,
            "seconds": round(time.monotonic() - self._began, 1),
            **self._counts,
            "loudest": round(self._loudest, 4),
            "stuck_voices": counters.n_voices,
            "silent": loudest_at_end < SILENCE,
            "dropped_events": counters.dropped_events,
            "memory_mb": self._memory,
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


def _memory_mb() -> float | None:
    """Give what this process alone has in memory; None where the system does not say (Linux does).

    The pool is not in it: its pages come as its slots are first used, and are shared.
    """
    if not _STATM.exists():
        return None
    resident, shared = map(int, _STATM.read_text().split()[1:3])
    return round((resident - shared) * os.sysconf("SC_PAGE_SIZE") / (1 << 20), 1)
