"""Data sets as the trainer sees them: specgrams made once, timbres numbered, notes held out."""

import os
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.representation import Representation, WarpedRepresentation
from model.warped import WarpedConfig

from .notes import DatasetError, Example, load_examples, read_wave, write_error

HELD_OUT_ONE_IN = 8
_ENCODE_BATCH = 8


def is_held_out(example: Example) -> bool:
    """Say whether a note is kept from training, to measure pitches never heard.

    The choice depends on nothing but the note's instrument and pitch, so that every run and
    every evaluation agrees on it; other pitches of the instrument are always trained on.
    """
    text = f"{example.instrument_str}-{example.pitch}"
    return zlib.crc32(text.encode()) % HELD_OUT_ONE_IN == 0


@dataclass(frozen=True)
class Timbre:
    """One instrument at one velocity: what gets a latent of its own.

    Attributes:
        name: The preset's name, made unique.
        family: NSynth's family.
    """

    name: str
    family: str


@dataclass(frozen=True)
class TrainingSet:
    """Specgrams of all notes, on disk, and what is known of each.

    Attributes:
        examples: One a note.
        timbres: The timbres, by number.
        timbre: int64 [note], the timbre's number.
        pitch: int64 [note].
        level_db: float32 [note], re the loudest note of the set.
        specgrams: float16 [note, 2, time, freq], mapped from disk.
    """

    examples: list[Example]
    timbres: tuple[Timbre, ...]
    timbre: Tensor
    pitch: Tensor
    level_db: Tensor
    specgrams: NDArray[np.float16]

    @cached_property
    def held_out(self) -> Tensor:
        """Which notes are kept from training: bool [note]."""
        return torch.tensor([is_held_out(example) for example in self.examples])

    def read(self, index: Tensor) -> Tensor:
        """Give specgrams by note number: float32 [batch, 2, time, freq]."""
        return torch.from_numpy(self.specgrams[index.numpy()]).float()


def read_training_set(
    folders: Sequence[Path],
    representation: Representation,
    cache: Path,
    progress: Callable[[int, int, str], None] | None = None,
) -> TrainingSet:
    """Read data sets, making their specgrams when they are not in the cache.

    Args:
        folders: Data sets in NSynth's layout.
        representation: What makes specgrams of them; notes at a higher rate are resampled to its.
        cache: A folder for the specgrams, half a MiB a note; made when missing.
        progress: Called with (done, total, what).

    Raises:
        DatasetError: If a folder is no data set, has notes of a lower rate, or a WAV is damaged.
    """
    examples = [example for folder in folders for example in load_examples(folder)]
    examples = [e for e in examples if 24 <= e.pitch <= 84]
    if not examples:
        raise DatasetError("The data has no notes of pitches 24 to 84.")
    rate = representation.sample_rate
    lower = next((e for e in examples if e.sample_rate < rate), None)
    if lower is not None:
        raise DatasetError(
            f"{lower.path} is at {lower.sample_rate} Hz; training needs {rate} Hz. "
            f"Make the data again with --sample-rate {rate}."
        )
    timbres, numbers = number_timbres(examples)
    levels = np.array([0.0 if e.level_db is None else e.level_db for e in examples])
    return TrainingSet(
        examples,
        timbres,
        torch.tensor(numbers),
        torch.tensor([e.pitch for e in examples]),
        torch.tensor(levels - levels.max(), dtype=torch.float32),
        _read_specgrams(examples, representation, cache, progress or (lambda *_: None)),
    )


def number_timbres(examples: list[Example]) -> tuple[tuple[Timbre, ...], list[int]]:
    """Give the timbres among notes, and each note's timbre by its number."""
    keys: dict[tuple[Path, str, int], int] = {}
    timbres: list[Timbre] = []
    numbers = []
    taken: dict[str, int] = {}
    for example in examples:
        key = (example.path.parent, example.instrument_str, example.velocity)
        if key not in keys:
            name = example.preset_name or example.instrument_str
            taken[name] = taken.get(name, 0) + 1
            if taken[name] > 1:
                name = f"{name} {taken[name]}"
            keys[key] = len(timbres)
            timbres.append(Timbre(name, example.instrument_family_str))
        numbers.append(keys[key])
    return tuple(timbres), numbers


def _read_specgrams(
    examples: list[Example],
    representation: Representation,
    cache: Path,
    progress: Callable[[int, int, str], None],
) -> NDArray[np.float16]:
    # The warped transform's settings say all of it; its name may change.
    settings: object = representation
    if isinstance(representation, WarpedRepresentation):
        settings = representation.config
    identity = repr(
        (settings, [(e.note_str, str(e.path), e.path.stat().st_mtime_ns) for e in examples])
    )
    path = cache / f"specgrams-{sha256(identity.encode()).hexdigest()[:16]}.npy"
    if not path.exists():
        try:
            cache.mkdir(parents=True, exist_ok=True)
            _write_specgrams(examples, representation, path, progress)
        except OSError as error:
            raise write_error(path, error) from error
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _write_specgrams(
    examples: list[Example],
    representation: Representation,
    path: Path,
    progress: Callable[[int, int, str], None],
) -> None:
    partial = path.with_suffix(".partial")
    shape = (len(examples), 2, *representation.size)
    out = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float16, shape=shape)

    def encode(start: int) -> int:
        batch = examples[start : start + _ENCODE_BATCH]
        waves = torch.zeros(len(batch), representation.n_samples)
        for row, example in zip(waves, batch, strict=True):
            wave = _wave_at(example, representation.sample_rate)[: representation.n_samples]
            row[: len(wave)] = torch.from_numpy(wave)
        specgrams = representation.encode(waves, torch.tensor([e.pitch for e in batch]))
        if isinstance(representation, WarpedRepresentation):
            specgrams = silence_ends(specgrams, representation.config)
        out[start : start + len(batch)] = specgrams.half().numpy()
        return len(batch)

    done = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for n in pool.map(encode, range(0, len(examples), _ENCODE_BATCH)):
            done += n
            progress(done, len(examples), "specgrams")
    out.flush()
    partial.replace(path)


def _wave_at(example: Example, sample_rate: int) -> NDArray[np.float32]:
    """Read a note's wave, resampled where it is at a higher rate."""
    wave = read_wave(example)
    if example.sample_rate == sample_rate:
        return wave
    return soxr.resample(wave, example.sample_rate, sample_rate)


def silence_ends(specgrams: Tensor, config: WarpedConfig) -> Tensor:
    """Silence the last columns, into which the circular transform wraps the attack's ringing.

    A network that learns them puts a faint ghost of the attack at the note's end.
    """
    last = (config.lead_in + config.n_samples) // config.hop - 3
    specgrams[:, 0, last:] = -0.8
    specgrams[:, 1, last:] = 0.0
    return specgrams
