"""Measuring notes in processes of their own, several at once; a note is let go once measured."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, ParamSpec, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from train.datasets.notes import Wave

from .faults import Faults, find_faults
from .in_tune import cents_off
from .log_mel import log_mel, log_mel_distance, spectral_convergence, timbre_vector
from .mel_image import Image, mel_image
from .texture import Texture, measure_texture

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_LOUDEST_SECONDS = 0.4
_TOP_HZ = (10_000.0, 15_000.0)
_WAITING_PER_WORKER = 8


@dataclass(frozen=True)
class Heard:
    """What is kept of a note.

    Attributes:
        pitch: The MIDI number asked for.
        cents: How far it is from that; None when no pitch is heard.
        faults: What is wrong with it.
        texture: How it moves.
        image: uint8 [mel, time], see `mel_image`.
        top_db: Power from 10 to 15 kHz re the whole, dB; NaN where the rate holds no such.
    """

    pitch: int
    cents: float | None
    faults: Faults
    texture: Texture
    image: Image
    top_db: float


@dataclass(frozen=True)
class Character:
    """What is kept of a note when it is compared with other keys' of its timbre.

    Attributes:
        timbre: float32 [feature], see `timbre_vector`.
        level_db: Level of its loudest 0.4 s, dB of full scale.
    """

    timbre: NDArray[np.float32]
    level_db: float


@dataclass(frozen=True)
class Nearness:
    """How near a generated note is to the real one, beside real yardsticks.

    Attributes:
        own_db: Log-mel distance of the generated note from the real one.
        neighbour_db: Of the same timbre's real note a semitone beside it from the real one; NaN
            where there is none.
        other_db: Of another instrument's real note of the same pitch from the real one; NaN
            where there is none.
        convergence: Spectral convergence of the generated note, 0 the real note's spectrum.
    """

    own_db: float
    neighbour_db: float
    other_db: float
    convergence: float


def hear(wave: Wave, sample_rate: int, pitch: int, image_rate: int) -> Heard:
    """Measure a note.

    Args:
        wave: float32 [sample].
        sample_rate: In Hz.
        pitch: MIDI number that it should have.
        image_rate: Hz at which its image is drawn.
    """
    finite = np.nan_to_num(wave, posinf=0.0, neginf=0.0)
    return Heard(
        pitch=pitch,
        cents=cents_off(finite, sample_rate, pitch),
        faults=find_faults(wave, sample_rate),
        texture=measure_texture(finite, sample_rate, pitch),
        image=mel_image(finite, sample_rate, image_rate),
        top_db=_top_db(finite, sample_rate),
    )


def characterise(wave: Wave, sample_rate: int) -> Character:
    """Measure a note's timbre and level: float32 [sample]."""
    finite = np.nan_to_num(wave, posinf=0.0, neginf=0.0)
    vector = timbre_vector(log_mel(finite, sample_rate), sample_rate)
    return Character(vector, _level_db(finite, sample_rate))


def compare(
    wave: Wave, real: Wave, neighbour: Wave | None, other: Wave | None, sample_rate: int
) -> Nearness:
    """Hold a generated note against real ones: float32 [sample] each, of the same length."""
    reference = log_mel(real, sample_rate)
    own, beside, others = (
        float("nan") if x is None else log_mel_distance(log_mel(x, sample_rate), reference)
        for x in (wave, neighbour, other)
    )
    return Nearness(own, beside, others, spectral_convergence(wave, real))


def _level_db(wave: Wave, sample_rate: int) -> float:
    n = min(wave.size, round(_LOUDEST_SECONDS * sample_rate))
    total = np.cumsum(np.concatenate([[0.0], np.square(wave, dtype=np.float64)]))
    return float(10 * np.log10(max((total[n:] - total[:-n]).max() / n, 1e-12)))


def _top_db(wave: Wave, sample_rate: int) -> float:
    if sample_rate < 2 * _TOP_HZ[1]:
        return float("nan")
    power = np.square(np.abs(np.fft.rfft(wave)))
    hertz = np.fft.rfftfreq(wave.size, 1 / sample_rate)
    top = power[(hertz >= _TOP_HZ[0]) & (hertz < _TOP_HZ[1])].sum()
    return float(10 * np.log10(max(top / max(power.sum(), 1e-20), 1e-12)))


class Listeners:
    """Processes that measure; with 0 a thread of this process does.

    Attributes:
        executor: They themselves.
    """

    def __init__(self, workers: int) -> None:
        self.executor: Executor = (
            ProcessPoolExecutor(workers, get_context("spawn")) if workers else ThreadPoolExecutor(1)
        )
        self._waiting: deque[Future[Any]] = deque()
        self._most = _WAITING_PER_WORKER * max(1, workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.executor.shutdown(cancel_futures=True)

    def submit(
        self,
        measure: Callable[Parameters, Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> "Future[Result]":
        """Ask for a measurement; waits while many are asked for, as each holds its notes."""
        while len(self._waiting) >= self._most:
            self._waiting.popleft().exception()
        future = self.executor.submit(measure, *args, **kwargs)
        self._waiting.append(future)
        return future
