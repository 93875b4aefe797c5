"""What a key should sound like: the cell of the pad that the finger is in, and its identity."""

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np

from instrument.pad.nearness import Place, pad_weights

from .renderer_protocol import Leaning, Shade

GRID = 64
"""Steps across the pad. One is a degree between two corners' timbres in the middle, and a few
beside an edge: hardly heard, and cross-faded at that. Yet it is some pixels wide, so a finger that
comes back to a place finds the notes it left. Corners, edges and the middle are on the grid."""


class Target(msgspec.Struct, frozen=True):
    """A place on a pad: what every key should sound like.

    Attributes:
        model: Hash of the model.
        latents: float32 little-endian [point, latent].
        weights: How much of each point there is in the cell.
        cell: Identity of the timbre: equal cells make equal notes.
        shade: What is done to the latent of the place.
        leaning: As in `RenderNote`.
    """

    model: str
    latents: bytes
    weights: tuple[float, ...]
    cell: str
    shade: Shade = Shade()
    leaning: Leaning = ()

    def shaded(self, shade: Shade) -> "Target":
        """Give the same place with another shade: a cell of its own."""
        if shade == Shade():
            return self
        identity = hashlib.sha256(self.cell.encode() + msgspec.msgpack.encode(shade))
        return msgspec.structs.replace(self, cell=identity.hexdigest()[:32], shade=shade)


def make_target(
    model: str,
    latents: Sequence[Sequence[float]],
    pad_x: float,
    pad_y: float,
    *,
    places: Sequence[Place | None] = (),
    leaning: Leaning = (),
) -> Target:
    """Find the cell that a finger on the pad is in.

    A point that has no weight there has no part in the cell's identity: re-rolling it leaves the
    notes that are there as good as they were. Points are on the grid, too: a finger on one is
    exactly there.

    Args:
        model: Hash of the model.
        latents: float [point, latent]; one alone, and the pad says nothing.
        pad_x: 0..1, rightward.
        pad_y: 0..1, upward.
        places: Of the points, as `pad_weights` takes them; none: four in the corners.
        leaning: As in `RenderNote`.

    Raises:
        ValueError: If the latents are not of one length, or there is not a place for each.
    """
    sizes = {len(latent) for latent in latents}
    if len(sizes) != 1 or 0 in sizes:
        raise ValueError(f"a target has latents of one length, not {len(latents)}: {sizes}")
    rows = [np.asarray(latent, "<f4").tobytes() for latent in latents]
    weights: tuple[float, ...] = (1.0,)
    if len(rows) > 1:
        standing = [None if p is None else (_on_grid(p[0]), _on_grid(p[1])) for p in places]
        weights = pad_weights(standing or [None] * len(rows), _on_grid(pad_x), _on_grid(pad_y))
    identity = hashlib.sha256(model.encode())
    for weight, row in sorted(zip(weights, rows, strict=True)):
        if weight:
            identity.update(np.asarray(weight, "<f8").tobytes() + row)
    if leaning:
        identity.update(msgspec.msgpack.encode(leaning))
    cell = identity.hexdigest()[:32]
    return Target(model, b"".join(rows), weights, cell, leaning=leaning)


def _on_grid(place: float) -> float:
    return round(min(max(place, 0.0), 1.0) * GRID) / GRID
