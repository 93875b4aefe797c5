"""What each representation alone does to real notes, before any network is involved."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, fields
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import msgspec
import numpy as np
import soxr
import torch
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from torch import Tensor

from model.representation import Representation, representation_named
from train.datasets.notes import DatasetError, Example, Wave, load_examples, read_wave
from train.datasets.sampling import spread

from .round_trip import ReferenceNote, RoundTrip

Progress = Callable[[int, int, str], None]

NAMES = ("M20hn", "F", "mel", "linear", "phase")
"""What is measured unless others are asked for."""

N_ITERATIONS = 4
ERROR = 0.02
"""Standard deviation of the errors, of images whose values lie in [-1, 1]."""

_TIMED_NOTES = 40
_NOISE_LEVEL = 0.1
_NOISE_BAND_HZ = 250.0
_LOST_DB = -6.0
_NO_NOTES = "The data holds no notes that sound. Make a data set with: timbrepad data soundfont"


@dataclass(frozen=True)
class Case:
    """What is done to an image before it is decoded.

    Attributes:
        name: As reported.
        change: The image [2, time, freq] and a random generator to the changed image.
        n_iterations: Griffin-Lim iterations of the decoding.
    """

    name: str
    change: Callable[[Tensor, torch.Generator], Tensor]
    n_iterations: int = 0


def _unchanged(image: Tensor, _generator: torch.Generator) -> Tensor:
    return image


def _to_8_bits(image: Tensor, _generator: torch.Generator) -> Tensor:
    return torch.round((image.clamp(-1, 1) + 1) * 127.5) / 127.5 - 1


def _to_fp16(image: Tensor, _generator: torch.Generator) -> Tensor:
    return image.half().float()


def _add_white(image: Tensor, generator: torch.Generator) -> Tensor:
    """Add an error of its own to every value."""
    return image + ERROR * torch.randn(image.shape, generator=generator)


def _add_slow(image: Tensor, generator: torch.Generator) -> Tensor:
    """Add to the second channel an error of each band that stays the same all the time."""
    error = ERROR * torch.randn(image.shape[-1], generator=generator)
    return torch.stack([image[0], image[1] + error])


CASES = (
    Case("exact", _unchanged),
    Case(f"exact, {N_ITERATIONS} iterations", _unchanged, N_ITERATIONS),
    Case("8 bits", _to_8_bits),
    Case("fp16", _to_fp16),
    Case("white error", _add_white),
    Case(f"white error, {N_ITERATIONS} iterations", _add_white, N_ITERATIONS),
    Case("slow error", _add_slow),
    Case(f"slow error, {N_ITERATIONS} iterations", _add_slow, N_ITERATIONS),
)


@dataclass(frozen=True)
class Spread:
    """A measure over many notes.

    Attributes:
        n_notes: That have it.
        median: The middle.
        p95: What nineteen of twenty notes are no worse than.
        worst: The worst note's.
    """

    n_notes: int
    median: float
    p95: float
    worst: float


@dataclass(frozen=True)
class RepresentationFigures:
    """What a representation does.

    Attributes:
        sample_rate: Of the notes, in Hz. Each note is compared with itself at this rate.
        size: Times, freqs and channels of an image.
        bandwidth_hz: Up to where white noise comes back less than 6 dB softer.
        encode_ms: CPU time on one core, note by note.
        decode_ms: Likewise, by the number of Griffin-Lim iterations.
        cases: By the case's name, by the measure's name.
        worst_notes: By the log-spectral distance of "exact", the worst first.
    """

    sample_rate: int
    size: tuple[int, int, int]
    bandwidth_hz: float
    encode_ms: float
    decode_ms: dict[str, float]
    cases: dict[str, dict[str, Spread]]
    worst_notes: list[str]


@dataclass(frozen=True)
class CodecReport:
    """What `timbrepad bench codec` tells.

    Attributes:
        n_notes: Measured.
        families: How many of each.
        velocities: Likewise.
        pitches: The lowest and the highest.
        error: Standard deviation of the white and the slow error.
        representations: By name.
    """

    n_notes: int
    families: dict[str, int]
    velocities: dict[int, int]
    pitches: tuple[int, int]
    error: float
    representations: dict[str, RepresentationFigures]


Measured = dict[str, dict[str, RoundTrip]]
"""By the representation's name, by the case's."""


def bench_codec(
    folders: Sequence[Path],
    *,
    n_notes: int = 528,
    names: Sequence[str] = NAMES,
    workers: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[CodecReport, list[Example], list[Measured]]:
    """Send notes through representations and back, and say what was lost.

    Args:
        folders: Data sets in NSynth's layout.
        n_notes: How many notes, spread over families, octaves and velocities.
        names: Of the representations.
        workers: Processes.
        seed: Chooses the notes.
        progress: Called with notes done, notes in all and what is done.

    Returns:
        The report, the notes, and what each lost.

    Raises:
        ValueError: If there is no representation of a name.
        DatasetError: If a folder is no data set or a note is damaged.
    """
    representations = [representation_named(name) for name in names]
    examples = choose_notes(folders, n_notes, seed)
    measured: list[Measured] = []
    tell = progress or (lambda *_: None)
    for one in _measure_all(examples, [r.name for r in representations], workers):
        measured.append(one)
        tell(len(measured), len(examples), "notes")
    sounding = [(example, one) for example, one in zip(examples, measured, strict=True) if one]
    if not sounding:
        raise DatasetError(_NO_NOTES)
    examples, measured = [e for e, _ in sounding], [one for _, one in sounding]
    figures = {
        r.name: _figures(r, examples, [one[r.name] for one in measured]) for r in representations
    }
    report = CodecReport(
        n_notes=len(examples),
        families=dict(sorted(Counter(e.instrument_family_str for e in examples).items())),
        velocities=dict(sorted(Counter(e.velocity for e in examples).items())),
        pitches=(min(e.pitch for e in examples), max(e.pitch for e in examples)),
        error=ERROR,
        representations=figures,
    )
    return report, examples, measured


def choose_notes(folders: Sequence[Path], n_notes: int, seed: int) -> list[Example]:
    """Choose notes of data sets, spread over families, octaves and velocities."""
    examples = [example for folder in folders for example in load_examples(folder)]
    return spread(
        examples, lambda e: (e.instrument_family, e.pitch // 12, e.velocity), n_notes, seed
    )


def wave_for(example: Example, representation: Representation) -> Wave:
    """Read a note as a representation takes it: float32 [sample], at its rate and length."""
    wave = read_wave(example)
    if example.sample_rate != representation.sample_rate:
        wave = soxr.resample(wave, example.sample_rate, representation.sample_rate, "VHQ")
    n_samples = representation.n_samples
    return np.pad(wave[:n_samples], (0, max(0, n_samples - wave.size))).astype(np.float32)


@torch.inference_mode()
def round_trips(wave: Wave, pitch: int, representation: Representation, seed: int) -> list[Wave]:
    """Send a note there and back, once for each of `CASES`: float32 [sample] each."""
    label = torch.tensor([pitch])
    image = representation.encode(torch.from_numpy(wave)[None], label)[0]
    # The same errors with and without iterations.
    images = [case.change(image, torch.Generator().manual_seed(seed)) for case in CASES]
    waves: list[Wave] = [wave] * len(CASES)
    for n_iterations in {case.n_iterations for case in CASES}:
        chosen = [i for i, case in enumerate(CASES) if case.n_iterations == n_iterations]
        batch = torch.stack([images[i] for i in chosen])
        decoded = representation.decode(batch, label.expand(len(batch)), n_iterations)
        for i, one in zip(chosen, decoded, strict=True):
            waves[i] = one.numpy()
    return waves


def measure_note(example: Example, names: Sequence[str]) -> Measured:
    """Measure what a note loses in each representation; nothing of a silent note.

    Raises:
        DatasetError: If the note is damaged.
    """
    measured: Measured = {}
    for name in names:
        representation = representation_named(name)
        wave = wave_for(example, representation)
        try:
            reference = ReferenceNote(wave, representation.sample_rate)
        except ValueError:
            return {}
        waves = round_trips(wave, example.pitch, representation, example.note)
        measured[name] = {
            case.name: reference.measure(one) for case, one in zip(CASES, waves, strict=True)
        }
    return measured


def _measure_all(
    examples: Sequence[Example], names: Sequence[str], workers: int
) -> Iterator[Measured]:
    measure = partial(measure_note, names=names)
    if workers == 1:
        yield from map(measure, examples)
        return
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        try:
            yield from pool.map(measure, examples)
        except BrokenProcessPool as error:
            raise DatasetError(
                "A measuring process was killed, perhaps for lack of memory. "
                "Start again with fewer workers."
            ) from error


def _figures(
    representation: Representation,
    examples: Sequence[Example],
    trips: Sequence[dict[str, RoundTrip]],
) -> RepresentationFigures:
    order = np.argsort([-trip[CASES[0].name].lsd_db for trip in trips], kind="stable")
    encode_ms, decode_ms = _time(representation, examples[:_TIMED_NOTES])
    return RepresentationFigures(
        sample_rate=representation.sample_rate,
        size=(*representation.size, 2),
        bandwidth_hz=bandwidth_hz(representation),
        encode_ms=encode_ms,
        decode_ms=decode_ms,
        cases={case.name: summarise([trip[case.name] for trip in trips]) for case in CASES},
        worst_notes=[examples[i].note_str for i in order[:8]],
    )


def summarise(trips: Sequence[RoundTrip]) -> dict[str, Spread]:
    """Give each measure's spread; of a measure that no note has, nothing."""
    spreads = {}
    for field in fields(RoundTrip):
        values = [v for trip in trips if (v := getattr(trip, field.name)) is not None]
        if values:
            worse = -1 if field.name == "snr_db" else 1  # the only one that is good when high
            median, p95, worst = worse * np.percentile(worse * np.array(values), [50, 95, 100])
            spreads[field.name] = Spread(len(values), float(median), float(p95), float(worst))
    return spreads


@torch.inference_mode()
def bandwidth_hz(representation: Representation) -> float:
    """Say up to where white noise comes back less than 6 dB softer, in steps of 250 Hz."""
    rng = np.random.default_rng(0)
    noise = (_NOISE_LEVEL * rng.standard_normal(representation.n_samples)).astype(np.float32)
    label = torch.tensor([60])
    back = representation.decode(representation.encode(torch.from_numpy(noise)[None], label), label)
    power, got = (np.abs(np.fft.rfft(wave)) ** 2 for wave in (noise, back[0].numpy()))
    n_bands = math.floor(representation.sample_rate / 2 / _NOISE_BAND_HZ)
    for band, (there, here) in enumerate(
        zip(np.array_split(power, n_bands), np.array_split(got, n_bands), strict=True)
    ):
        if here.sum() < there.sum() * 10 ** (_LOST_DB / 10):
            return band * _NOISE_BAND_HZ
    return n_bands * _NOISE_BAND_HZ


@torch.inference_mode()
def _time(
    representation: Representation, examples: Sequence[Example]
) -> tuple[float, dict[str, float]]:
    """Measure the median CPU time of encoding and decoding one note on one core, in ms."""
    former = torch.get_num_threads()
    torch.set_num_threads(1)
    encode: list[float] = []
    decode: dict[str, list[float]] = {str(n): [] for n in (0, N_ITERATIONS)}
    try:
        for example in examples:
            label = torch.tensor([example.pitch])
            wave = torch.from_numpy(wave_for(example, representation))[None]
            start = time.process_time()
            image = representation.encode(wave, label)
            encode.append(time.process_time() - start)
            for n, times in decode.items():
                start = time.process_time()
                representation.decode(image, label, int(n))
                times.append(time.process_time() - start)
    finally:
        torch.set_num_threads(former)
    return _median_ms(encode), {n: _median_ms(times) for n, times in decode.items()}


def _median_ms(seconds: Sequence[float]) -> float:
    return round(1000 * float(np.median(seconds)), 2)


# The report

_SHOWN = (
    ("lsd_db", "LSD dB", "{:.2f}"),
    ("high_lsd_db", "LSD > 8 kHz", "{:.2f}"),
    ("snr_db", "SNR dB", "{:.1f}"),
    ("convergence", "SC", "{:.4f}"),
    ("level_db", "level dB", "{:.3f}"),
    ("cents", "cents", "{:.2f}"),
    ("onset_ms", "onset ms", "{:.3f}"),
    ("pre_echo_db", "pre-echo dB", "{:.0f}"),
)


def report_json(report: CodecReport) -> bytes:
    """Write a report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def report_table(report: CodecReport) -> RenderableType:
    """Lay a report out as Markdown tables; cells are median / p95 / worst."""
    families = ", ".join(f"{n} {family}" for family, n in report.families.items())
    velocities = ", ".join(f"{n} at {velocity}" for velocity, n in report.velocities.items())
    low, high = report.pitches
    return Group(
        f"{report.n_notes} notes, pitches {low} to {high}; {families}; velocities: {velocities}.",
        "Cells are median / p95 / worst (of SNR the lowest).",
        _about_table(report),
        *(_case_table(report, case.name) for case in CASES),
    )


def _table(*columns: str) -> Table:
    table = Table(box=box.MARKDOWN, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _about_table(report: CodecReport) -> Table:
    table = _table(
        "representation",
        "rate",
        "image",
        "bandwidth",
        "encode",
        "decode",
        f"decode, {N_ITERATIONS} iterations",
    )
    for name, figures in report.representations.items():
        table.add_row(
            name,
            f"{figures.sample_rate} Hz",
            "x".join(map(str, figures.size)),
            f"{figures.bandwidth_hz:.0f} Hz",
            f"{figures.encode_ms:.1f} ms",
            *(f"{milliseconds:.1f} ms" for milliseconds in figures.decode_ms.values()),
        )
    return table


def _case_table(report: CodecReport, case: str) -> Table:
    table = _table(case, *(title for _, title, _ in _SHOWN))
    for name, figures in report.representations.items():
        spreads = figures.cases[case]
        table.add_row(name, *(_cell(spreads.get(key), form) for key, _, form in _SHOWN))
    return table


def _cell(spread_: Spread | None, form: str) -> str:
    if spread_ is None:
        return "-"
    return " / ".join(map(form.format, (spread_.median, spread_.p95, spread_.worst)))
