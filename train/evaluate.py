"""How good a model is: in tune, without faults, and near the real notes that it never heard."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol, Self

import msgspec
import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.table import Table
from torch import Tensor

from model.config import TimbreConfig
from model.gansynth import GANSynth
from model.latent import blend

from .dataset import is_held_out, number_timbres
from .metrics import (
    IN_TUNE_CENTS,
    PITCH_RATE,
    PITCH_REACH_SEMITONES,
    PITCH_SECONDS,
    PITCH_STEP_SEMITONES,
    Faults,
    Wave,
    cents_off,
    envelope_jitter_db,
    find_faults,
    fold_cents,
    held_part,
    log_mel,
    log_mel_distance,
    spectral_convergence,
)
from .notes import DatasetError, Example, load_examples, read_wave, write_error
from .pictures import Comparison, CoveragePoint, draw_comparisons, draw_coverage

Progress = Callable[[int, int, str], None]

PITCHES = range(36, 85)
"""What is asked of a model: C2 to C6, the keyboard that the instrument keeps ready."""

PITCH_ESTIMATOR = (
    f"librosa.pyin, {PITCH_RATE} Hz, {PITCH_SECONDS[0]}..{PITCH_SECONDS[1]} s, "
    f"resolution {PITCH_STEP_SEMITONES}, {PITCH_REACH_SEMITONES} semitones each way from the "
    "pitch asked for, else defaults"
)

_N_PICTURED = 16
_PICTURED_PITCH = 60
_N_COVERAGE_DRAWS = 64
_COMPARISONS_FILE = "timbres.png"
_COVERAGE_FILE = "coverage.png"


class EvaluationError(Exception):
    """A model can't be evaluated; says what to do."""


class NoteMaker(Protocol):
    """What is asked of a model: a part of `model.gansynth.GANSynth`."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def hash(self) -> str:
        """Its identity."""
        ...

    @property
    def sample_rate(self) -> int:
        """Of its notes, in Hz."""
        ...

    @property
    def n_samples(self) -> int:
        """Of each note."""
        ...

    @property
    def pitches(self) -> range:
        """The MIDI numbers that it can make."""
        ...

    @property
    def timbres(self) -> tuple[TimbreConfig, ...]:
        """The named timbres."""
        ...

    @property
    def latents(self) -> Tensor:
        """float32 [timbre, latent], theirs."""
        ...

    def draw(self, seed: int) -> NDArray[np.float32]:
        """Draw a latent: float32 [latent]."""
        ...

    def render(self, z: Tensor, pitch: Tensor) -> Tensor:
        """Make notes: float32 [batch, sample]."""
        ...


@dataclass(frozen=True)
class NoteFigures:
    """Figures of many notes that need nothing to compare with.

    Attributes:
        n_notes: How many.
        in_tune: Share within 50 cents of the pitch asked for; without a pitch is out of tune.
        in_tune_folded: The same, whole octaves aside.
        unpitched: Share in which no pitch is heard.
        cents_median: Of the distance from the pitch, of the pitched notes.
        cents_p90: The same, nine tenths are nearer.
        silent: How many have no sound.
        clipped: How many reach full scale.
        dc: How many have a mean above a hundredth of their root mean square.
    """

    n_notes: int
    in_tune: float
    in_tune_folded: float
    unpitched: float
    cents_median: float | None
    cents_p90: float | None
    silent: int
    clipped: int
    dc: int


@dataclass(frozen=True)
class Spread:
    """Median and ninth decile."""

    median: float
    p90: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Take both of one or more values."""
        return cls(float(np.median(values)), float(np.percentile(values, 90)))


@dataclass(frozen=True)
class HeldOutFigures:
    """How near generated notes are to real ones of a known timbre, at pitches never heard.

    Attributes:
        n_notes: How many pairs.
        distance_db: Log-mel distance of the generated note from the real one.
        neighbour_db: Of the same preset's real note a semitone beside it from the real one.
        other_db: Of another preset's real note of the same pitch from the real one.
        nearer_than_neighbour: Share of the notes where the first is less than the second.
        convergence: Spectral convergence of the generated note, 0 the real note's spectrum.
        jitter_db: Roughness of the level, generated: dB a step of 20 ms.
        real_jitter_db: The same of the real notes.
    """

    n_notes: int
    distance_db: Spread
    neighbour_db: Spread
    other_db: Spread
    nearer_than_neighbour: float
    convergence: Spread
    jitter_db: Spread
    real_jitter_db: Spread


@dataclass(frozen=True)
class EvaluationReport:
    """All figures of one evaluation.

    Attributes:
        model: The model's name.
        model_hash: Its identity.
        data: The folder of the real notes.
        seed: Of everything random.
        pitch_estimator: What heard the pitches, and its settings.
        drawn: Notes at latents drawn as the instrument draws them.
        blends: Notes half-way between two timbres.
        known: Notes of known timbres at pitches held out; None when the data has none of them.
        real: Notes of the data.
        held_out: Those known notes beside the real ones; None likewise.
    """

    model: str
    model_hash: str
    data: str
    seed: int
    pitch_estimator: str
    drawn: NoteFigures
    blends: NoteFigures
    known: NoteFigures | None
    real: NoteFigures
    held_out: HeldOutFigures | None


def evaluate(
    model_folder: Path,
    data_folder: Path,
    *,
    n_notes: int = 300,
    seed: int = 0,
    pictures: Path | None = None,
    progress: Progress | None = None,
    workers: int = 2,
) -> EvaluationReport:
    """Evaluate a model beside real notes.

    Args:
        model_folder: The model.
        data_folder: Real notes in NSynth's layout; of those it was trained on, the held-out ones
            are compared.
        n_notes: Drawn, held-out and real notes each; a third as many blends.
        seed: The same seed asks for the same notes.
        pictures: A folder for two PNGs, timbres side by side and the coverage; made when missing.
        progress: Called with (done, total, what).
        workers: Processes that listen for pitches beside this one; with 0 this one listens.

    Raises:
        ModelError: If the folder is not a model.
        DatasetError: If the data can't be used.
        EvaluationError: If the model can't make the pitches, or a process was killed.
        ValueError: If `n_notes` is below 1.
    """
    return evaluate_model(
        GANSynth.load(model_folder),
        data_folder,
        n_notes=n_notes,
        seed=seed,
        pictures=pictures,
        progress=progress,
        workers=workers,
    )


def evaluate_model(
    model: NoteMaker,
    data_folder: Path,
    *,
    n_notes: int = 300,
    seed: int = 0,
    pictures: Path | None = None,
    progress: Progress | None = None,
    workers: int = 2,
) -> EvaluationReport:
    """Evaluate a model that is open already; see `evaluate`."""
    if n_notes < 1:
        raise ValueError(f"n_notes must be at least 1, not {n_notes}")
    if not set(PITCHES) <= set(model.pitches):
        raise EvaluationError(
            f"{model.name} makes pitches {model.pitches[0]}..{model.pitches[-1]}; "
            f"an evaluation needs {PITCHES[0]}..{PITCHES[-1]}."
        )
    real = _RealNotes.read(data_folder, model)
    rng = np.random.default_rng(seed)
    known = real.choose_held_out(n_notes, rng)
    counter = _Counter(progress, 2 * (n_notes + max(1, n_notes // 3) + len(known) + n_notes))

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _Listeners(workers) as listeners:
            drawn = _Row(listeners, counter)
            for z, pitch in _drawn_notes(model, n_notes, rng):
                drawn.add(_render(model, z, pitch), model.sample_rate, pitch)
            blends = _Row(listeners, counter)
            for z, pitch in _blended_notes(model, max(1, n_notes // 3), rng):
                blends.add(_render(model, z, pitch), model.sample_rate, pitch)
            generated = _Row(listeners, counter)
            held_out = _compare_held_out(model, real, known, generated, rng)
            heard = _Row(listeners, counter)
            for example in real.choose(n_notes, rng):
                heard.add(real.wave(example), model.sample_rate, example.pitch)
            if pictures is not None:
                _draw_pictures(model, real, pictures, seed, progress or (lambda *_: None))
            return EvaluationReport(
                model=model.name,
                model_hash=model.hash,
                data=str(data_folder),
                seed=seed,
                pitch_estimator=PITCH_ESTIMATOR,
                drawn=drawn.figures(),
                blends=blends.figures(),
                known=generated.figures() if known else None,
                real=heard.figures(),
                held_out=held_out,
            )
    except BrokenProcessPool as error:
        raise EvaluationError(
            "A listening process was killed, perhaps for lack of memory. Free some and try again."
        ) from error
    finally:
        torch.set_num_threads(n_threads)


# The notes


def _render(model: NoteMaker, z: Tensor, pitch: int) -> Wave:
    return model.render(z[None], torch.tensor([pitch]))[0].numpy()


def _drawn_notes(
    model: NoteMaker, n_notes: int, rng: np.random.Generator
) -> Iterator[tuple[Tensor, int]]:
    for seed in rng.integers(2**31, size=n_notes):
        yield torch.from_numpy(model.draw(int(seed))), int(rng.choice(PITCHES))


def _blended_notes(
    model: NoteMaker, n_notes: int, rng: np.random.Generator
) -> Iterator[tuple[Tensor, int]]:
    """Go half-way between two named timbres, or two drawn latents where too few have names."""
    halves = torch.tensor([0.5, 0.5])
    for _ in range(n_notes):
        if len(model.latents) > 1:
            pair = model.latents[rng.choice(len(model.latents), 2, replace=False)]
        else:
            drawn = [model.draw(int(seed)) for seed in rng.integers(2**31, size=2)]
            pair = torch.from_numpy(np.stack(drawn))
        yield blend(pair, halves), int(rng.choice(PITCHES))


@dataclass(frozen=True)
class _RealNotes:
    """The data's notes, as the model would make them: its rate and its length.

    Attributes:
        examples: Those with pitches that are asked for.
        latents: A known timbre's latent by the timbre's number in the data.
        timbre_names: By the same number.
        timbre: That number, of each example.
        by_key: The example of a timbre and pitch.
        sample_rate: The model's.
        n_samples: The model's.
    """

    examples: list[Example]
    latents: dict[int, Tensor]
    timbre_names: list[str]
    timbre: dict[str, int]
    by_key: dict[tuple[int, int], Example]
    sample_rate: int
    n_samples: int

    @classmethod
    def read(cls, folder: Path, model: NoteMaker) -> Self:
        """Read a data set.

        Raises:
            DatasetError: If it is none, or has no notes of the pitches asked for.
        """
        # Timbres are numbered as for training, so that equal names get the same suffix.
        trained = [e for e in load_examples(folder) if e.pitch in model.pitches]
        timbres, numbers = number_timbres(trained)
        own = {timbre.name: z for timbre, z in zip(model.timbres, model.latents, strict=True)}
        pairs = [(e, n) for e, n in zip(trained, numbers, strict=True) if e.pitch in PITCHES]
        if not pairs:
            raise DatasetError(
                f"{folder} has no notes of pitches {PITCHES[0]}..{PITCHES[-1]}. Make it again."
            )
        return cls(
            examples=[example for example, _ in pairs],
            latents={i: own[t.name] for i, t in enumerate(timbres) if t.name in own},
            timbre_names=[timbre.name for timbre in timbres],
            timbre={example.note_str: number for example, number in pairs},
            by_key={(number, example.pitch): example for example, number in pairs},
            sample_rate=model.sample_rate,
            n_samples=model.n_samples,
        )

    def latent(self, example: Example) -> Tensor:
        """Give the latent of a known timbre's note."""
        return self.latents[self.timbre[example.note_str]]

    def choose(self, n_notes: int, rng: np.random.Generator) -> list[Example]:
        """Choose notes at random, each once as long as there are enough."""
        return _sample(self.examples, n_notes, rng)

    def choose_held_out(self, n_notes: int, rng: np.random.Generator) -> list[Example]:
        """Choose among the known timbres' notes that were held out and can be compared."""
        candidates = [
            example
            for example in self.examples
            if self.timbre[example.note_str] in self.latents
            and is_held_out(example)
            and self.neighbour(example)
            and self.others(example)
        ]
        return _sample(candidates, min(n_notes, len(candidates)), rng)

    def neighbour(self, example: Example) -> Example | None:
        """Give the same preset's note a semitone above, or else below."""
        number = self.timbre[example.note_str]
        above = self.by_key.get((number, example.pitch + 1))
        return above or self.by_key.get((number, example.pitch - 1))

    def others(self, example: Example) -> list[Example]:
        """Give the other presets' notes of the same pitch."""
        number = self.timbre[example.note_str]
        notes = (self.by_key.get((i, example.pitch)) for i in range(len(self.timbre_names)))
        return [
            note
            for i, note in enumerate(notes)
            if note and i != number and note.instrument_str != example.instrument_str
        ]

    def wave(self, example: Example) -> Wave:
        """Read a note: float32 [sample]."""
        wave = read_wave(example)
        if example.sample_rate != self.sample_rate:
            wave = soxr.resample(wave, example.sample_rate, self.sample_rate, quality="VHQ")
        wave = wave[: self.n_samples]
        return np.pad(wave, (0, self.n_samples - wave.size))


def _sample(examples: list[Example], n: int, rng: np.random.Generator) -> list[Example]:
    if not n:
        return []
    return [examples[i] for i in rng.choice(len(examples), n, replace=n > len(examples))]


# What is heard


@dataclass
class _Counter:
    """Counts the work for the progress bar."""

    progress: Progress | None
    total: int
    done: int = 0

    def step(self, what: str) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.total, what)


class _Listeners:
    """Processes that listen for pitches, or this process when there are none."""

    def __init__(self, workers: int) -> None:
        context = get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, context) if workers else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def listen(self, held: Wave, pitch: int) -> "Future[float | None]":
        """Ask how many cents a note is off; see `cents_off`."""
        if self._pool:
            return self._pool.submit(cents_off, held, pitch)
        future: Future[float | None] = Future()
        future.set_result(cents_off(held, pitch))
        return future


@dataclass
class _Row:
    """Notes of one kind; only what is left of them after listening is kept."""

    listeners: _Listeners
    counter: _Counter
    faults: list[Faults] = field(default_factory=list)
    cents: "list[Future[float | None]]" = field(default_factory=list)

    def add(self, wave: Wave, sample_rate: int, pitch: int) -> None:
        """Listen to a note: float32 [sample]."""
        self.faults.append(find_faults(wave))
        self.cents.append(self.listeners.listen(held_part(wave, sample_rate), pitch))
        self.counter.step("notes")

    def figures(self) -> NoteFigures:
        """Wait for the pitches, and count."""
        off: list[float | None] = []
        for future in self.cents:
            off.append(future.result())
            self.counter.step("pitches")
        pitched = [cents for cents in off if cents is not None]
        return NoteFigures(
            n_notes=len(off),
            in_tune=_share([abs(c) <= IN_TUNE_CENTS for c in pitched], len(off)),
            in_tune_folded=_share([abs(fold_cents(c)) <= IN_TUNE_CENTS for c in pitched], len(off)),
            unpitched=_share([cents is None for cents in off], len(off)),
            cents_median=float(np.median(np.abs(pitched))) if pitched else None,
            cents_p90=float(np.percentile(np.abs(pitched), 90)) if pitched else None,
            silent=sum(faults.silent for faults in self.faults),
            clipped=sum(faults.clipped for faults in self.faults),
            dc=sum(faults.dc for faults in self.faults),
        )


def _share(truths: Sequence[bool], n: int) -> float:
    return sum(truths) / n if n else 0.0


def _compare_held_out(
    model: NoteMaker,
    real: _RealNotes,
    examples: list[Example],
    row: _Row,
    rng: np.random.Generator,
) -> HeldOutFigures | None:
    """Make each held-out note, add it to the row and hold it against the real ones."""
    measured: list[tuple[float, ...]] = []
    for example in examples:
        wave = _render(model, real.latent(example), example.pitch)
        row.add(wave, model.sample_rate, example.pitch)
        truth = real.wave(example)
        neighbour = real.neighbour(example)
        assert neighbour is not None, "chosen so"
        others = real.others(example)
        other = others[int(rng.integers(len(others)))]
        reference = log_mel(truth, model.sample_rate)
        distances = [
            log_mel_distance(log_mel(x, model.sample_rate), reference)
            for x in (wave, real.wave(neighbour), real.wave(other))
        ]
        jitters = [envelope_jitter_db(x, model.sample_rate) for x in (wave, truth)]
        measured.append((*distances, spectral_convergence(wave, truth), *jitters))
    if not measured:
        return None
    distance, neighbour_db, other_db, convergence, jitter, real_jitter = zip(*measured, strict=True)
    nearer = [d < n for d, n in zip(distance, neighbour_db, strict=True)]
    return HeldOutFigures(
        n_notes=len(measured),
        distance_db=Spread.of(distance),
        neighbour_db=Spread.of(neighbour_db),
        other_db=Spread.of(other_db),
        nearer_than_neighbour=_share(nearer, len(nearer)),
        convergence=Spread.of(convergence),
        jitter_db=Spread.of(jitter),
        real_jitter_db=Spread.of(real_jitter),
    )


# What is shown


def _draw_pictures(
    model: NoteMaker, real: _RealNotes, folder: Path, seed: int, progress: Progress
) -> None:
    """Write both pictures.

    Raises:
        DatasetError: If the disk is full or may not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _picture_timbres(model, real, folder / _COMPARISONS_FILE, progress)
        _picture_coverage(model, real, folder / _COVERAGE_FILE, seed, progress)
    except OSError as error:
        raise write_error(folder, error) from error


def _picture_timbres(model: NoteMaker, real: _RealNotes, path: Path, progress: Progress) -> None:
    known = sorted(real.latents)
    chosen = [
        known[i] for i in np.linspace(0, len(known) - 1, min(_N_PICTURED, len(known)), dtype=int)
    ]
    comparisons = []
    for done, number in enumerate(chosen, 1):
        comparisons.append(_compare(model, real, number))
        progress(done, len(chosen), "pictures of timbres")
    draw_comparisons(comparisons, path)


def _picture_coverage(
    model: NoteMaker, real: _RealNotes, path: Path, seed: int, progress: Progress
) -> None:
    known = sorted(real.latents)
    points = []
    total = len(known) + _N_COVERAGE_DRAWS
    for done, number in enumerate(known, 1):
        points += _cover(model, real, number)
        progress(done, total, "picture of the coverage")
    rng = np.random.default_rng(seed)
    for done, draw in enumerate(rng.integers(2**31, size=_N_COVERAGE_DRAWS), len(known) + 1):
        wave = _render(model, torch.from_numpy(model.draw(int(draw))), _PICTURED_PITCH)
        points.append(CoveragePoint.of(log_mel(wave, model.sample_rate), "drawn", ""))
        progress(done, total, "picture of the coverage")
    draw_coverage(points, path)


def _compare(model: NoteMaker, real: _RealNotes, number: int) -> Comparison:
    """Take the held-out note nearest to middle C, or without one the nearest note."""
    notes = [example for (i, _), example in real.by_key.items() if i == number]
    example = min(notes, key=lambda e: (not is_held_out(e), abs(e.pitch - _PICTURED_PITCH)))
    wave = _render(model, real.latents[number], example.pitch)
    return Comparison(
        name=real.timbre_names[number],
        pitch=example.pitch,
        held_out=is_held_out(example),
        real=log_mel(real.wave(example), model.sample_rate),
        generated=log_mel(wave, model.sample_rate),
    )


def _cover(model: NoteMaker, real: _RealNotes, number: int) -> list[CoveragePoint]:
    name = real.timbre_names[number]
    wave = _render(model, real.latents[number], _PICTURED_PITCH)
    points = [CoveragePoint.of(log_mel(wave, model.sample_rate), "generated", name)]
    example = real.by_key.get((number, _PICTURED_PITCH))
    if example is not None:
        mel = log_mel(real.wave(example), model.sample_rate)
        points.append(CoveragePoint.of(mel, "real", name))
    return points


def report_json(report: EvaluationReport) -> bytes:
    """Write a report as indented JSON, UTF-8."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def report_table(report: EvaluationReport) -> RenderableType:
    """Lay a report out for a terminal."""
    parts: list[RenderableType] = [_notes_table(report)]
    if report.held_out is None:
        parts.append("The data has no held-out notes of this model's timbres to compare with.")
    else:
        parts.append(_held_out_table(report.held_out))
    parts.append(f"Pitches: {report.pitch_estimator}.")
    return Group(*parts)


def _notes_table(report: EvaluationReport) -> Table:
    table = Table(title=f"{report.model} on {report.data}")
    table.add_column("notes")
    for heading in (
        "n",
        "in tune",
        "folded",
        "no pitch",
        "cents",
        "p90",
        "silent",
        "clip",
        "DC",
    ):
        table.add_column(heading, justify="right")
    rows = {
        "drawn": report.drawn,
        "blends": report.blends,
        "held out": report.known,
        "real": report.real,
    }
    for name, figures in rows.items():
        if figures is not None:
            table.add_row(
                name,
                str(figures.n_notes),
                f"{figures.in_tune:.1%}",
                f"{figures.in_tune_folded:.1%}",
                f"{figures.unpitched:.1%}",
                "-" if figures.cents_median is None else f"{figures.cents_median:.1f}",
                "-" if figures.cents_p90 is None else f"{figures.cents_p90:.1f}",
                str(figures.silent),
                str(figures.clipped),
                str(figures.dc),
            )
    return table


def _held_out_table(figures: HeldOutFigures) -> Table:
    table = Table(title=f"{figures.n_notes} held-out notes beside the real ones")
    table.add_column("what")
    table.add_column("median", justify="right")
    table.add_column("p90", justify="right")
    rows = {
        "generated from real, log-mel dB": figures.distance_db,
        "neighbouring semitone from real, dB": figures.neighbour_db,
        "another preset from real, dB": figures.other_db,
        "spectral convergence": figures.convergence,
        "level jitter, generated, dB": figures.jitter_db,
        "level jitter, real, dB": figures.real_jitter_db,
    }
    for name, spread in rows.items():
        table.add_row(name, f"{spread.median:.2f}", f"{spread.p90:.2f}")
    table.add_row("nearer than the neighbour", f"{figures.nearer_than_neighbour:.1%}", "")
    return table
