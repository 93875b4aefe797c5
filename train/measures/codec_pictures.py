"""Pictures of what representations do to notes: all in one figure, and the worst notes of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from model.representation import representation_named
from train.datasets.notes import Example, Wave, write_error
from train.pictures.pictures import save_figure

from .codec_bench import CASES, Measured, round_trips, wave_for
from .round_trip import SPECTRUM_DB, stft_magnitude

_ATTACK_SECONDS = 0.06
_BEFORE_DB = 80.0
_OFF_DB = (0.5, 12.0)  # the least and the greatest scale of differences
_SHOWN_CASES = (
    CASES[0].name,
    "8 bits",
    "white error",
    CASES[5].name,
    "slow error",
    CASES[7].name,
)


def draw_codecs(
    examples: Sequence[Example], measured: Sequence[Measured], folder: Path, *, n_worst: int = 4
) -> list[Path]:
    """Draw `codecs.png`, and `worst-NAME.png` of each representation, into a folder.

    Args:
        examples: The notes.
        measured: What each lost.
        folder: Made when missing; files of those names are replaced.
        n_worst: How many of the worst notes, by log-spectral distance, are drawn.

    Returns:
        The files.

    Raises:
        DatasetError: If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / "codecs.png"]
        _draw_overview(measured, files[0])
        for name in measured[0]:
            lsd_db = [one[name][CASES[0].name].lsd_db for one in measured]
            worst = np.argsort(lsd_db)[::-1][:n_worst]
            files.append(folder / f"worst-{name}.png")
            _draw_worst([examples[i] for i in worst], [lsd_db[i] for i in worst], name, files[-1])
    except OSError as error:
        raise write_error(folder, error) from error
    return files


def _draw_overview(measured: Sequence[Measured], path: Path) -> None:
    """Draw the shares of notes by their distance and their SNR, and the medians under errors."""
    figure = Figure(figsize=(15, 4.6), layout="constrained")
    distance, snr, errors = figure.subplots(1, 3)
    names = list(measured[0])
    share = 100 * np.arange(1, len(measured) + 1) / len(measured)
    for i, name in enumerate(names):
        trips = [one[name] for one in measured]
        lsd_db = np.sort([trip[CASES[0].name].lsd_db for trip in trips])
        distance.plot(np.maximum(lsd_db, 1e-3), share, label=name)
        snr.plot(np.sort([trip[CASES[0].name].snr_db for trip in trips]), share, label=name)
        medians = [np.median([trip[case].lsd_db for trip in trips]) for case in _SHOWN_CASES]
        places = np.arange(len(_SHOWN_CASES)) + (i - (len(names) - 1) / 2) * 0.8 / len(names)
        errors.bar(places, medians, 0.8 / len(names), label=name)
    distance.set(xscale="log", xlabel="log-spectral distance, dB", ylabel="notes, %")
    distance.set_title("There and back: distance")
    snr.set(xlabel="SNR, dB", ylabel="notes, %", title="There and back: SNR")
    errors.set_xticks(
        range(len(_SHOWN_CASES)), [c.replace(", ", "\n") for c in _SHOWN_CASES], fontsize=8
    )
    errors.set(ylabel="log-spectral distance, dB, median", title="With errors in the image")
    for axis in (distance, snr, errors):
        axis.grid(alpha=0.3)
    distance.legend()
    save_figure(figure, path)


@dataclass(frozen=True)
class _Pair:
    """A note before and after."""

    title: str
    sample_rate: int
    before: Wave
    after: Wave


def _draw_worst(
    examples: Sequence[Example], lsd_db: Sequence[float], name: str, path: Path
) -> None:
    representation = representation_named(name)
    figure = Figure(figsize=(17, 3 * len(examples)), layout="constrained")
    for row, example, distance in zip(
        figure.subplots(len(examples), 4, squeeze=False), examples, lsd_db, strict=True
    ):
        wave = wave_for(example, representation)
        [after, *_] = round_trips(wave, example.pitch, representation, example.note)
        title = f"{example.preset_name or example.instrument_str} {example.pitch}"
        title += f", velocity {example.velocity}: {distance:.2f} dB"
        _draw_pair(row, _Pair(title, representation.sample_rate, wave, after))
    figure.suptitle(
        f"{name}: the worst notes. Spectra down to {_BEFORE_DB:.0f} dB; the difference where the "
        f"note is within {SPECTRUM_DB:.0f} dB of its peak"
    )
    save_figure(figure, path)


def _draw_pair(axes: Sequence[Axes], pair: _Pair) -> None:
    before, after = (stft_magnitude(wave.astype(float)) for wave in (pair.before, pair.after))
    peak = before.max()
    before_db, after_db = (
        20 * np.log10(np.maximum(magnitude / peak, 1e-7)) for magnitude in (before, after)
    )
    counts = before_db > -SPECTRUM_DB
    off_db = np.where(counts, after_db - before_db, 0.0)
    scale = float(np.clip(np.quantile(np.abs(off_db[counts]), 0.999), *_OFF_DB))
    extent = (0.0, pair.before.size / pair.sample_rate, 0.0, pair.sample_rate / 2000)
    _show(axes[0], before_db, extent, pair.title, "magma", (-_BEFORE_DB, 0.0))
    _show(axes[1], after_db, extent, "after", "magma", (-_BEFORE_DB, 0.0))
    _show(axes[2], off_db, extent, f"difference, ±{scale:.1f} dB", "RdBu", (-scale, scale))
    n = round(_ATTACK_SECONDS * pair.sample_rate)
    milliseconds = 1000 * np.arange(n) / pair.sample_rate
    axes[3].plot(milliseconds, pair.before[:n], color="0.6", linewidth=2, label="before")
    axes[3].plot(milliseconds, pair.after[:n], color="tab:red", linewidth=0.8, label="after")
    axes[3].set_title("attack, ms", fontsize=8)
    axes[3].legend(fontsize=7)


def _show(
    axis: Axes,
    values_db: NDArray[np.float64],
    extent: tuple[float, float, float, float],
    title: str,
    colours: str,
    limits: tuple[float, float],
) -> None:
    low, high = limits
    axis.imshow(
        values_db.T, origin="lower", aspect="auto", cmap=colours, vmin=low, vmax=high, extent=extent
    )
    axis.set_title(title, fontsize=8)
    axis.set_ylabel("kHz", fontsize=8)
