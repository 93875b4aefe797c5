"""The picture of the coverage: real, generated and drawn notes on one plane."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from train.datasets.notes import Wave
from train.pictures.pictures import save_figure

from .mel_image import coarse, mel_image
from .note_maker import NoteMaker, draw_latents, make_note
from .real_notes import RealNotes, sample

_PITCH = 60
_N_DRAWN = 64
_MOST_TIMBRES = 120

Kind = Literal["real", "generated", "drawn"]


@dataclass(frozen=True)
class CoveragePoint:
    """One note's place among the others.

    Attributes:
        kind: Where it comes from.
        name: The timbre's, or "".
        features: float32 [feature], its image made coarse.
    """

    kind: Kind
    name: str
    features: NDArray[np.float32]


def draw_coverage_of(
    model: NoteMaker, real: RealNotes, path: Path, image_rate: int, seed: int
) -> None:
    """Draw a model's known timbres at middle C, the real notes of them, and drawn latents.

    Args:
        model: The model.
        real: The real notes; of many timbres some.
        path: The PNG, written whole or not at all.
        image_rate: Hz at which the notes are looked at.
        seed: Of the draws.

    Raises:
        OSError: If the file can't be written.
    """

    def point(kind: Kind, name: str, wave: Wave) -> CoveragePoint:
        image = mel_image(wave, model.sample_rate, image_rate)
        return CoveragePoint(kind, name, coarse(image[None])[0])

    rng = np.random.default_rng(seed)
    points = []
    numbers = sorted(real.latents) or list(range(len(real.timbre_names)))
    for number in sample(numbers, min(_MOST_TIMBRES, len(numbers)), rng):
        name = real.timbre_names[number]
        if number in real.latents:
            points.append(point("generated", name, make_note(model, real.latents[number], _PITCH)))
        example = real.by_key.get((number, _PITCH))
        if example is not None:
            points.append(point("real", name, real.wave(example)))
    latents = draw_latents(model, _N_DRAWN, rng)
    points += [point("drawn", "", make_note(model, z, _PITCH)) for z in latents]
    draw_coverage(points, path)


def draw_coverage(points: Sequence[CoveragePoint], path: Path) -> None:
    """Draw notes by the two main axes of the real ones, each timbre joined to its real note.

    Writes a PNG, whole or not at all.
    """
    figure = Figure(figsize=(12, 9), layout="constrained")
    axis = figure.subplots()
    if points:
        places = principal_places(points)
        real = {p.name: xy for p, xy in zip(points, places, strict=True) if p.kind == "real"}
        for point, xy in zip(points, places, strict=True):
            if point.kind == "generated" and point.name in real:
                axis.plot(*zip(real[point.name], xy, strict=True), color="0.7", linewidth=0.8)
        for kind, colour, marker in (
            ("drawn", "tab:orange", "."),
            ("real", "black", "o"),
            ("generated", "tab:blue", "x"),
        ):
            chosen = [xy for p, xy in zip(points, places, strict=True) if p.kind == kind]
            if chosen:
                x, y = zip(*chosen, strict=True)
                axis.scatter(x, y, c=colour, marker=marker, label=f"{kind} ({len(chosen)})")
        for name, xy in real.items():
            axis.annotate(name, xy, fontsize=6, alpha=0.7)
        axis.legend()
    axis.set_title("Notes at middle C by the two main axes of the real notes' log-mel specgrams")
    save_figure(figure, path)


def principal_places(points: Sequence[CoveragePoint]) -> NDArray[np.float64]:
    """Project notes on the two main axes of the real ones: float64 [point, 2].

    Without three real notes the axes are those of all.
    """
    features = np.stack([point.features for point in points]).astype(np.float64)
    real = features[[point.kind == "real" for point in points]]
    basis = real if len(real) > 2 else features
    mean = basis.mean(axis=0)
    _, _, axes = np.linalg.svd(basis - mean, full_matrices=False)
    places = (features - mean) @ axes[:2].T
    return np.pad(places, [(0, 0), (0, 2 - places.shape[1])])
