"""What stands at the pad's four corners when a preset meets a model."""

import math
from collections.abc import Mapping, Sequence

from .preset import N_CORNERS
from .status import Corner, Timbre


def resolve_corners(
    corners: Sequence[Corner],
    timbres: Sequence[Timbre],
    latent_size: int,
    *,
    is_same_model: bool,
    is_same_space: bool = False,
) -> tuple[Corner, ...]:
    """Give corners whose latents belong to a model.

    A corner keeps its latent where it was made by this model. One of another model, or without a
    latent, becomes this model's timbre of the same name. Where there is none, it keeps its latent
    in the same latent space; in another it becomes one that is unlike the other corners.

    Args:
        corners: Four, or none: then four timbres that are unlike each other.
        timbres: Of the model, at least one.
        latent_size: Of the model.
        is_same_model: Whether the corners' latents were made by this model.
        is_same_space: Whether by this model or one with the same latent space.
    """
    by_name: Mapping[str, Timbre] = {timbre.name.casefold(): timbre for timbre in timbres}
    spare = iter(distinct_timbres(timbres, 2 * N_CORNERS))
    named = {corner.timbre.casefold() for corner in corners}
    resolved = []
    for corner in corners or (Corner(name=""),) * N_CORNERS:
        if is_same_model and len(corner.z) == latent_size:
            resolved.append(corner)
            continue
        timbre = by_name.get(corner.timbre.casefold())
        if timbre is None and is_same_space and len(corner.z) == latent_size:
            resolved.append(corner)
            continue
        if timbre is None:
            candidates = (timbre for timbre in spare if timbre.name.casefold() not in named)
            timbre = next(candidates, timbres[0])
        resolved.append(corner_of(timbre, locked=corner.locked))
    return tuple(resolved)


def drawn_corners(
    corners: Sequence[Corner], latent_size: int, *, is_same_space: bool
) -> tuple[Corner, ...]:
    """Give corners for a model without named timbres: each with a seed to draw its latent with.

    A corner keeps its latent where that lies in the model's space, else its seed; one that has
    neither gets a seed of its own, always the same.

    Args:
        corners: Four, or none.
        latent_size: Of the model.
        is_same_space: Whether the latents were made by this model or one with the same space.
    """
    given = []
    for place, corner in enumerate(corners or (Corner(name=""),) * N_CORNERS):
        if is_same_space and len(corner.z) == latent_size:
            given.append(corner)
            continue
        seed = place + 1 if corner.seed is None else corner.seed
        given.append(Corner(name=f"Seed {seed}", seed=seed, locked=corner.locked))
    return tuple(given)


def corner_of(timbre: Timbre, *, locked: bool = False) -> Corner:
    """Make the corner of a named timbre."""
    return Corner(name=timbre.name, z=timbre.z, timbre=timbre.name, locked=locked)


def distinct_timbres(timbres: Sequence[Timbre], n: int) -> list[Timbre]:
    """Choose up to `n` timbres, each as unlike those before as there is."""
    chosen: list[Timbre] = list(timbres[:1])
    while len(chosen) < min(n, len(timbres)):
        left = [timbre for timbre in timbres if timbre not in chosen]
        if not left:
            break
        chosen.append(max(left, key=lambda timbre: min(_unlike(timbre, c) for c in chosen)))
    return chosen


def _unlike(a: Timbre, b: Timbre) -> float:
    features = ("brightness", "attack", "decay", "noisiness")
    distance = math.dist([getattr(a, f) for f in features], [getattr(b, f) for f in features])
    return distance + 0.5 * (a.family != b.family)
