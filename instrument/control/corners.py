"""What the pad's timbre points are when a preset meets a model."""

import math
from collections.abc import Mapping, Sequence

import msgspec

from instrument.presets.preset import N_CORNERS
from instrument.values.status import Corner, Timbre


def resolve_corners(
    corners: Sequence[Corner],
    timbres: Sequence[Timbre],
    latent_size: int,
    *,
    is_same_model: bool,
    is_same_space: bool = False,
) -> tuple[Corner, ...]:
    """Give points whose latents belong to a model; each stays where it is.

    A corner keeps its latent where it was made by this model. One of another model, or without a
    latent, becomes this model's timbre of the same name. Where there is none, it keeps its latent
    in the same latent space; in another it becomes one that is unlike the other corners.

    Args:
        corners: The points, or none: then four timbres that are unlike each other, in the corners.
        timbres: Of the model, at least one.
        latent_size: Of the model.
        is_same_model: Whether the corners' latents were made by this model.
        is_same_space: Whether by this model or one with the same latent space.
    """
    by_name: Mapping[str, Timbre] = {timbre.name.casefold(): timbre for timbre in timbres}
    spare = iter(distinct_timbres(timbres, N_CORNERS + max(len(corners), N_CORNERS)))
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
        resolved.append(corner_of(timbre, corner))
    return tuple(resolved)


def drawn_corners(
    corners: Sequence[Corner], latent_size: int, *, is_same_space: bool
) -> tuple[Corner, ...]:
    """Give corners for a model without named timbres: each with a seed to draw its latent with.

    A corner keeps its latent where that lies in the model's space, else its seed; one that has
    neither gets a seed of its own, always the same.

    Args:
        corners: The points, or none: then four in the corners.
        latent_size: Of the model.
        is_same_space: Whether the latents were made by this model or one with the same space.
    """
    given = []
    for place, corner in enumerate(corners or (Corner(name=""),) * N_CORNERS):
        if is_same_space and len(corner.z) == latent_size:
            given.append(corner)
            continue
        seed = place + 1 if corner.seed is None else corner.seed
        given.append(
            Corner(name=f"Seed {seed}", seed=seed, locked=corner.locked, place=corner.place)
        )
    return tuple(given)


def corner_of(timbre: Timbre, former: Corner | None = None) -> Corner:
    """Make the point of a named timbre; it stands where the former one does, locked as that is."""
    new = Corner(name=timbre.name, z=timbre.z, timbre=timbre.name)
    if former is None:
        return new
    return msgspec.structs.replace(new, locked=former.locked, place=former.place)


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
