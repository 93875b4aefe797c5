"""Presets from presets: mixed, mutated, with corners swapped; each child tells of its parents.

Knows no NumPy, so that a window can breed before it is loaded. Everything drawn comes from a seed.
"""

import math
from collections.abc import Collection, Sequence
from random import Random

import msgspec

from instrument.pad.pad_points import places_of, point_at
from instrument.values.parameters import BY_NAME, defaults
from instrument.values.status import Corner

from .preset import MAXIMUM_GENERATIONS, Ancestor, Preset, PresetError, fingerprint

MOST_TURN = math.pi / 2  # of a latent, at full mutation: as far as a new draw lies on average
PAD_SPREAD = 0.25  # standard deviations at full mutation, as a share of the way
KNOB_SPREAD = 0.3
SHAPING = (
    "attack",
    "decay",
    "sustain",
    "release",
    "cutoff",
    "resonance",
    "key_tracking",
    "velocity_cutoff",
    "vibrato_depth",
    "vibrato_rate",
    "spread",
)
"""The parameters that mutation moves: those of the timbre, none that tunes or plays otherwise."""


def mix(one: Preset, other: Preset, share: float) -> Preset:
    """Give what lies between two presets.

    The points of the nearer parent stay where they are; each latent goes on the sphere towards what
    lies there on the other's pad. Knobs go by their way; what has no middle (choices, mappings, the
    tuning) comes from the nearer parent.

    Args:
        one: Where `share` is 0.
        other: Where `share` is 1; its latents must lie in the same space.
        share: 0..1.

    Raises:
        PresetError: If the latents are not of one latent space.
    """
    _check_kin(one, other)
    nearer, farther = (one, other) if share < 0.5 else (other, one)
    values = {name: defaults() | preset.parameters for name, preset in (("a", one), ("b", other))}
    parameters = {
        name: _between(name, values["a"][name], values["b"][name], share) for name in values["a"]
    }
    corners = tuple(
        msgspec.structs.replace(
            _mixed_corner(point_at(one.corners, *place), point_at(other.corners, *place), share),
            place=point.place,
        )
        for point, place in zip(nearer.corners, places_of(nearer.corners), strict=True)
    )
    child = msgspec.structs.replace(
        nearer,
        name=f"{one.name} + {other.name}",
        corners=corners,
        pad_x=(1.0 - share) * one.pad_x + share * other.pad_x,
        pad_y=(1.0 - share) * one.pad_y + share * other.pad_y,
        parameters=parameters,
        mod_depth=(1.0 - share) * one.mod_depth + share * other.mod_depth,
        tags=tuple(dict.fromkeys((*nearer.tags, *farther.tags))),
    )
    return _born(child, f"mixed {100 - 100 * share:.0f} to {100 * share:.0f}", one, other)


def mutate(preset: Preset, amount: float, seed: int) -> Preset:
    """Give a preset near another one; locked points stay.

    Each latent is turned by `amount` of a right angle towards a drawn one, and keeps its length.

    Args:
        preset: To begin with.
        amount: 0, the same, to 1, hardly akin.
        seed: Of what is drawn.
    """
    random = Random(seed)
    corners = tuple(
        corner if corner.locked or not corner.z else _turned(corner, amount * MOST_TURN, random)
        for corner in preset.corners
    )
    parameters = defaults() | preset.parameters
    for name in SHAPING:
        row = BY_NAME[name]
        step = random.gauss(0.0, amount * KNOB_SPREAD)
        parameters[name] = row.from_position(row.to_position(parameters[name]) + step)
    child = msgspec.structs.replace(
        preset,
        corners=corners,
        pad_x=_onto_pad(preset.pad_x + random.gauss(0.0, amount * PAD_SPREAD)),
        pad_y=_onto_pad(preset.pad_y + random.gauss(0.0, amount * PAD_SPREAD)),
        parameters=parameters,
    )
    return _born(child, f"mutated {100 * amount:.0f} %", preset)


def swap_corners(preset: Preset, other: Preset, places: Collection[int]) -> Preset:
    """Give a preset whose pad has at some of its points what lies there on another one's.

    Args:
        preset: That keeps all else.
        other: Whose timbres are taken; its latents must lie in the same space.
        places: Numbers of the points.

    Raises:
        PresetError: If the latents are not of one latent space.
    """
    _check_kin(preset, other)
    corners = tuple(
        msgspec.structs.replace(point_at(other.corners, *place), place=ours.place)
        if number in places
        else ours
        for number, (ours, place) in enumerate(
            zip(preset.corners, places_of(preset.corners), strict=True)
        )
    )
    child = msgspec.structs.replace(preset, corners=corners)
    return _born(child, f"with {len(set(places))} points swapped", preset, other)


def more_like(preset: Preset, n: int, amount: float, seed: int) -> tuple[Preset, ...]:
    """Give `n` mutations of a preset, the first the nearest and the last `amount` away."""
    return tuple(mutate(preset, amount * (i + 1) / n, seed + i) for i in range(n))


def family_lines(preset: Preset) -> tuple[tuple[int, str], ...]:
    """Tell a preset's family tree: a generation, 0 for the preset itself, and a line for each."""
    lines = [(0, _line(preset.name, preset.made))]

    def tell(ancestors: Sequence[Ancestor], generation: int) -> None:
        for ancestor in ancestors:
            lines.append((generation, _line(ancestor.name, ancestor.made)))
            tell(ancestor.parents, generation + 1)

    tell(preset.parents, 1)
    return tuple(lines)


def _line(name: str, made: str) -> str:
    return f"{name}, {made}" if made else name


def _born(child: Preset, made: str, *parents: Preset) -> Preset:
    ancestors = tuple(
        Ancestor(
            parent.name,
            fingerprint(parent),
            parent.made,
            _youngest(parent.parents, MAXIMUM_GENERATIONS - 1),
        )
        for parent in parents
    )
    return msgspec.structs.replace(child, made=made, parents=ancestors)


def _youngest(ancestors: tuple[Ancestor, ...], generations: int) -> tuple[Ancestor, ...]:
    """Give a family tree without those who lived too long ago to be told of."""
    if generations == 0:
        return ()
    return tuple(
        msgspec.structs.replace(a, parents=_youngest(a.parents, generations - 1)) for a in ancestors
    )


def _check_kin(one: Preset, other: Preset) -> None:
    space = one.latent_space or one.model_hash
    is_kin = other.is_of_space(space) or not space
    lengths = {len(corner.z) for preset in (one, other) for corner in preset.corners}
    if not is_kin or len(lengths) != 1 or lengths == {0}:
        raise PresetError(
            f'"{one.name}" and "{other.name}" are of models that do not know each other\'s '
            "timbres. Choose a preset of the same model."
        )


def _mixed_corner(a: Corner, b: Corner, share: float) -> Corner:
    nearer = a if share < 0.5 else b
    if a.z == b.z or share in (0.0, 1.0):
        return nearer
    name = a.name if a.name == b.name else f"{a.name} + {b.name}"
    return Corner(name=name[:80], z=_slerp(a.z, b.z, share), locked=nearer.locked)


def _turned(corner: Corner, angle: float, random: Random) -> Corner:
    """Turn a corner's latent towards a drawn one that stands at a right angle to it."""
    drawn = [random.gauss(0.0, 1.0) for _ in corner.z]
    length = math.hypot(*corner.z)
    along = sum(d * x for d, x in zip(drawn, corner.z, strict=True)) / (length**2 or 1.0)
    across = [d - along * x for d, x in zip(drawn, corner.z, strict=True)]
    reach = length / (math.hypot(*across) or 1.0)
    cos, sin = math.cos(angle), math.sin(angle) * reach
    z = tuple(cos * x + sin * d for x, d in zip(corner.z, across, strict=True))
    name = corner.name if corner.name.startswith("near ") else f"near {corner.name}"
    return Corner(name=name[:80], z=z, place=corner.place)


def _slerp(a: Sequence[float], b: Sequence[float], share: float) -> tuple[float, ...]:
    """Go from one latent to another on the sphere, with the length going evenly, too.

    Source: Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985.
    """
    lengths = math.hypot(*a) or 1.0, math.hypot(*b) or 1.0
    cosine = sum(x * y for x, y in zip(a, b, strict=True)) / (lengths[0] * lengths[1])
    angle = math.acos(min(max(cosine, -1.0), 1.0))
    if math.sin(angle) < 1e-6:  # the same direction, or opposite ones
        return tuple(x + share * (y - x) for x, y in zip(a, b, strict=True))
    length = lengths[0] + share * (lengths[1] - lengths[0])
    of_a = length * math.sin((1.0 - share) * angle) / (math.sin(angle) * lengths[0])
    of_b = length * math.sin(share * angle) / (math.sin(angle) * lengths[1])
    return tuple(of_a * x + of_b * y for x, y in zip(a, b, strict=True))


def _between(name: str, a: float, b: float, share: float) -> float:
    row = BY_NAME[name]
    if row.choices or share in (0.0, 1.0):
        return a if share < 0.5 else b
    start, end = row.to_position(a), row.to_position(b)
    return row.clip(row.from_position(start + share * (end - start)))


def _onto_pad(place: float) -> float:
    return min(max(place, 0.0), 1.0)
