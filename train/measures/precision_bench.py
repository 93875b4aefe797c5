"""What rounding on a device does to a model's notes: each precision beside the CPU's float32.

The network's error is small, but a phase is the sum of all differences before it, so what counts
is how far the notes are off, not the images.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from rich.table import Table
from torch import Tensor

from model.gansynth import GANSynth
from model.gpu_generator import Precision
from model.roofline import best_seconds

from .round_trip import ReferenceNote

PRECISIONS: tuple[Precision, ...] = ("fp32", "tf32", "bf16")
LSD_DB = 1.0
"""Below this, on average, spectra are coded transparently: Paliwal and Atal, 1993."""
LEVEL_DB = 0.1
CENTS = 2.0
"""Both well below what can be told apart in two tones one after the other."""

N_TIMED = 16
_PITCH_STEP = 12


@dataclass(frozen=True)
class Rounding:
    """How far a precision's notes are from the CPU's in float32.

    Attributes:
        precision: Of the convolutions.
        image_rms: Error of all images over their root mean square.
        wave_rms: The same of the waves, in the middle of the notes and of the worst.
        lsd_db: Log-spectral distance, in the middle and of the worst note.
        level_db: Of the worst note.
        cents: Likewise.
        inaudible: Whether every note is within `LSD_DB`, `LEVEL_DB` and `CENTS`.
        milliseconds_a_note: From latents to waves, in a batch of `N_TIMED`.
    """

    precision: Precision
    image_rms: float
    wave_rms: tuple[float, float]
    lsd_db: tuple[float, float]
    level_db: float
    cents: float
    inaudible: bool
    milliseconds_a_note: float


@dataclass(frozen=True)
class PrecisionReport:
    """What `bench_precision` found.

    Attributes:
        model: Its name.
        device: That was measured.
        n_notes: How many notes were compared.
        cpu_milliseconds_a_note: Of the CPU's own form in float32, one note at a time, in the
            same run.
        roundings: By precision.
    """

    model: str
    device: str
    n_notes: int
    cpu_milliseconds_a_note: float
    roundings: tuple[Rounding, ...]


def bench_precision(
    folder: Path,
    device: str,
    *,
    n_timbres: int = 12,
    precisions: tuple[Precision, ...] = PRECISIONS,
    n_timed: int = N_TIMED,
    on_progress: Callable[[float, float, str], None] = lambda *_: None,
) -> PrecisionReport:
    """Compare a device's notes with the CPU's in float32.

    Args:
        folder: The model's.
        device: That torch computes on.
        n_timbres: Named ones if the model has them, else drawn; each at every twelfth pitch.
        precisions: To try.
        n_timed: Notes in the batch that is timed.
        on_progress: Takes what is done, the whole, and a word.

    Raises:
        ModelError: If the folder is no model.
    """
    reference = GANSynth.load(folder)
    z, pitch = _notes(reference, n_timbres)
    images = reference.specgrams(z, pitch)
    n_steps = 1 + len(precisions)
    on_progress(0, n_steps, "the CPU's notes")
    # One by one, as the CPU makes them.
    waves = torch.cat([reference.generate(z[i : i + 1], pitch[i : i + 1]) for i in range(len(z))])
    notes = [ReferenceNote(wave.numpy(), reference.sample_rate) for wave in waves]
    one = best_seconds(lambda: reference.generate(z[:1], pitch[:1]), reference.device, 5)
    roundings = []
    for number, precision in enumerate(precisions, 1):
        on_progress(number, n_steps, precision)
        model = GANSynth.load(folder, device, precision)
        timed_z, timed_pitch = (x[torch.arange(n_timed) % len(x)] for x in (z, pitch))
        seconds = _seconds(model, timed_z, timed_pitch)
        got_images = model.specgrams(z, pitch).cpu()
        got = model.generate(z, pitch)
        roundings.append(
            _compare(precision, (images, got_images), (waves, got), notes, seconds / n_timed)
        )
    return PrecisionReport(reference.name, device, len(z), 1000 * one, tuple(roundings))


def report_json(report: PrecisionReport) -> bytes:
    """Write a report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def report_table(report: PrecisionReport) -> Table:
    """Show a report: a row for each precision."""
    table = Table(
        title=f"{report.model} on {report.device}, {report.n_notes} notes, against float32 on the "
        f"CPU ({report.cpu_milliseconds_a_note:.1f} ms a note); median / worst"
    )
    for heading in ("", "image", "wave", "LSD, dB", "level, dB", "cents", "ms a note", ""):
        table.add_column(heading)
    for row in report.roundings:
        table.add_row(
            row.precision,
            f"{row.image_rms:.1e}",
            "{:.1e} / {:.1e}".format(*row.wave_rms),
            "{:.2f} / {:.2f}".format(*row.lsd_db),
            f"{row.level_db:.3f}",
            f"{row.cents:.2f}",
            f"{row.milliseconds_a_note:.2f}",
            "inaudible" if row.inaudible else "audible",
        )
    return table


def _notes(model: GANSynth, n_timbres: int) -> tuple[Tensor, Tensor]:
    """Choose latents, [note, latent], and pitches, [note]."""
    pitches = list(model.pitches)[::_PITCH_STEP]
    if len(model.latents):
        places = np.linspace(0, len(model.latents) - 1, n_timbres).round().astype(int)
        latents = model.latents[torch.from_numpy(np.unique(places))]
    else:
        latents = torch.from_numpy(np.stack([model.draw(seed) for seed in range(n_timbres)]))
    z = latents.repeat_interleave(len(pitches), 0)
    return z, torch.tensor(pitches * len(latents))


def _seconds(model: GANSynth, z: Tensor, pitch: Tensor) -> float:
    """Time a batch from latents to waves on the CPU, which waits for the device."""
    return best_seconds(lambda: model.generate(z, pitch), model.device, 5)


def _compare(
    precision: Precision,
    images: tuple[Tensor, Tensor],
    waves: tuple[Tensor, Tensor],
    notes: list[ReferenceNote],
    seconds_a_note: float,
) -> Rounding:
    expected, got = waves
    trips = [note.measure(wave.numpy()) for note, wave in zip(notes, got, strict=True)]
    wave_rms = [_relative_rms(a, b) for a, b in zip(got, expected, strict=True)]
    lsd_db = [trip.lsd_db for trip in trips]
    level_db = max(trip.level_db for trip in trips)
    cents = max(trip.cents or 0.0 for trip in trips)
    return Rounding(
        precision=precision,
        image_rms=_relative_rms(images[1], images[0]),
        wave_rms=_middle_and_worst(wave_rms),
        lsd_db=_middle_and_worst(lsd_db),
        level_db=level_db,
        cents=cents,
        inaudible=max(lsd_db) <= LSD_DB and level_db <= LEVEL_DB and cents <= CENTS,
        milliseconds_a_note=1000 * seconds_a_note,
    )


def _relative_rms(got: Tensor, expected: Tensor) -> float:
    return float(((got - expected).square().sum() / expected.square().sum()).sqrt())


def _middle_and_worst(values: list[float]) -> tuple[float, float]:
    return float(np.median(values)), max(values)
