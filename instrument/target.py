"""What a key should sound like: the cell of the pad that the finger is in, and its identity."""

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np

from .renderer_protocol import Shade

GRID = 64
"""Steps across the pad. One is a degree between two corners' timbres in the middle, and a few
beside an edge: hardly heard, and cross-faded at that. Yet it is some pixels wide, so a finger that
comes back to a place finds the notes it left. Corners, edges and the middle are on the grid."""


class Target(msgspec.Struct, frozen=True):
    """A place on a pad: what every key should sound like.

    Attributes:
        model: Hash of the model.
        latents: float32 little-endian [4, latent] (the corners) or [1, latent].
        x: The cell's place on the pad, 0..1, a multiple of 1 / GRID.
        y: As `x`.
        cell: Identity of the timbre: equal cells make equal notes.
        shade: What is done to the latent of the place.
    """

    model: str
    latents: bytes
    x: float
    y: float
    cell: str
    shade: Shade = Shade()

    def shaded(self, shade: Shade) -> "Target":
        """Give the same place with another shade: a cell of its own."""
        if shade == Shade():
            return self
        identity = hashlib.sha256(self.cell.encode() + msgspec.msgpack.encode(shade))
        return msgspec.structs.replace(self, cell=identity.hexdigest()[:32], shade=shade)


def make_target(
    model: str, latents: Sequence[Sequence[float]], pad_x: float, pad_y: float
) -> Target:
    """Find the cell that a finger on the pad is in.

    A corner that has no weight there has no part in the cell's identity: re-rolling it leaves the
    notes that are there as good as they were.

    Args:
        model: Hash of the model.
        latents: float [4, latent]: corners bottom left, bottom right, top left, top right; or
            [1, latent], and the pad says nothing.
        pad_x: 0..1, rightward.
        pad_y: 0..1, upward.

    Raises:
        ValueError: If there are not one or four latents of one length.
    """
    sizes = {len(latent) for latent in latents}
    if len(latents) not in (1, 4) or len(sizes) != 1 or 0 in sizes:
        raise ValueError(f"a target has 1 or 4 latents of one length, not {len(latents)}: {sizes}")
    rows = [np.asarray(latent, "<f4").tobytes() for latent in latents]
    x, y = (_on_grid(pad_x), _on_grid(pad_y)) if len(rows) == 4 else (0.0, 0.0)
    identity = hashlib.sha256(model.encode())
    for weight, row in sorted(zip(_weights(x, y), rows, strict=False)):
        if weight:
            identity.update(np.asarray(weight, "<f8").tobytes() + row)
    return Target(model, b"".join(rows), x, y, identity.hexdigest()[:32])


def _on_grid(place: float) -> float:
    return round(min(max(place, 0.0), 1.0) * GRID) / GRID


def _weights(x: float, y: float) -> tuple[float, float, float, float]:
    return (1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y
