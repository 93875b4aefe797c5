"""Axes of a latent space with names: which way notes become brighter, slower, noisier.

A direction is fitted to latents whose notes were measured, and then tried on others: the
correlation and the agreement that are kept with it are of latents that it has not seen.

Source: the idea of naming directions is that of Härkönen et al., "GANSpace", 2020; there the
directions come first and names by looking, here each is fitted to a measure by ridge regression.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import norm as normal
from scipy.stats import rankdata
from torch import Tensor

from model.checkpoint import latent_space_of, read_model, write_model
from model.config import AxisConfig
from model.gansynth import AXES_TENSOR, GANSynth
from model.latent import draw_among, draw_gaussian, lean
from train.datasets.features import FEATURE_PITCH, TimbreFeatures, timbre_features

N_FITTED, N_TRIED = 480, 96
STEP = 0.25
"""How far each way a latent is moved to see whether its note follows."""

_RIDGE = 0.1  # of the latents' mean variance, times their number
_BATCH = 8


@dataclass(frozen=True)
class Measure:
    """Something that can be heard of a note, and what its ends are called."""

    name: str
    low: str
    high: str
    read: Callable[[TimbreFeatures], float]


MEASURES = (
    Measure("brightness", "dark", "bright", lambda note: note.brightness),
    Measure("attack", "sudden", "slow", lambda note: note.attack),
    Measure("decay", "plucked", "sustained", lambda note: note.decay),
    Measure("noisiness", "pure", "breathy", lambda note: note.noisiness),
)


def measure_axes(
    model: GANSynth,
    *,
    n_fitted: int = N_FITTED,
    n_tried: int = N_TRIED,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[tuple[AxisConfig, ...], Tensor]:
    """Find a direction for each of `MEASURES`.

    Args:
        model: Its own axes, if it has any, do not matter.
        n_fitted: Latents that directions are fitted to, each by its note of middle C.
        n_tried: Other latents that they are tried on.
        seed: Draws both.
        progress: Called with (done, total, what).

    Returns:
        What is known of each axis; and float32 [axis, latent], their directions, of length 1.
    """
    total = n_fitted + n_tried * (1 + 2 * len(MEASURES))
    done = 0

    def listen(z: Tensor) -> NDArray[np.float64]:
        nonlocal done
        rows = []
        for part in torch.split(z, _BATCH):
            rows += _measured(model, part)
            done += len(part)
            if progress is not None:
                progress(done, total, "notes")
        return np.array(rows)

    z = _draw(model, n_fitted + n_tried, seed)
    fitted, tried = z[:n_fitted], z[n_fitted:]
    directions = _fit(fitted, listen(fitted))
    heard = listen(tried)
    axes = []
    for number, measure in enumerate(MEASURES):
        along = (tried @ directions[number]).numpy()
        places = z @ directions[number] / z.norm(dim=-1)
        amount = torch.tensor([STEP])
        direction = directions[number : number + 1]
        up, down = (listen(lean(tried, direction, a))[:, number] for a in (amount, -amount))
        axes.append(
            AxisConfig(
                name=measure.name,
                low=measure.low,
                high=measure.high,
                correlation=round(_rank_correlation(along, heard[:, number]), 3),
                agreement=round(float(np.mean(up > down)), 3),
                sigma=round(float(places.std()), 4),
            )
        )
    return tuple(axes), directions


def keep_axes(folder: Path, axes: tuple[AxisConfig, ...], directions: Tensor) -> None:
    """Write axes into a model's folder; its weights and its latent space stay what they are.

    Raises:
        ModelError: If the folder is not a model, or can't be written.
    """
    config, tensors = read_model(folder)
    config = msgspec.structs.replace(config, axes=axes, latent_space=latent_space_of(folder))
    write_model(folder, config, tensors | {AXES_TENSOR: directions})


def _draw(model: GANSynth, n: int, seed: int) -> Tensor:
    if model.config.prior == "timbres":
        return draw_among(model.latents, n, seed)
    return draw_gaussian(n, model.latent_size, seed)


def _measured(model: GANSynth, z: Tensor) -> list[tuple[float, ...]]:
    pitch = min(max(FEATURE_PITCH, model.pitches[0]), model.pitches[-1])
    waves = model.render(z, torch.full((len(z),), pitch)).numpy()
    notes = timbre_features(waves, model.sample_rate, pitch)
    return [tuple(measure.read(note) for measure in MEASURES) for note in notes]


def _rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Correlate ranks (Spearman): -1 to 1, and 0 where one of both is always the same."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


def _fit(z: Tensor, measured: NDArray[np.float64]) -> Tensor:
    """Fit directions by ridge regression to the measures' ranks, as normal deviates.

    Ranks, because measures in Hz and seconds have long tails that would draw all to themselves.
    """
    latents = z.double().numpy()
    centred = latents - latents.mean(axis=0)
    scores = normal.ppf(rankdata(measured, axis=0) / (len(measured) + 1))
    gram = centred.T @ centred
    ridge = _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    slopes = np.linalg.solve(gram + ridge, centred.T @ (scores - scores.mean(axis=0)))
    directions = slopes / np.maximum(np.linalg.norm(slopes, axis=0), 1e-12)
    return torch.tensor(directions.T, dtype=torch.float32)
