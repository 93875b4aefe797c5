"""Sounds of the player's own, which a run renders with each look: `sounds.json` in its folder.

Who plays the run's models writes it, at any time, whole; the trainer only reads.
"""

import math
from pathlib import Path

import msgspec

N_SOUNDS = 4
MAXIMUM_BYTES = 1_000_000
MAXIMUM_NAME = 80
MOST_POINTS = 16
_SUM_ERROR = 1e-3
_FILE = "sounds.json"


class PlayerSound(msgspec.Struct, frozen=True, kw_only=True):
    """A place between latents.

    Attributes:
        name: The preset's.
        latents: float [point, latent].
        weights: How much of each; sum 1.
    """

    name: str
    latents: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]


class SoundsError(Exception):
    """The file is no list of such sounds; the message is a line that says what to do."""


def read_sounds(run: Path, latent_size: int) -> tuple[PlayerSound, ...]:
    """Read the sounds that a run should render; none where there is no file.

    Args:
        run: The run's folder.
        latent_size: Of its networks.

    Returns:
        At most four.

    Raises:
        SoundsError: If the file can't be read, or holds what is no sound of this run.
    """
    path = run / _FILE
    try:
        with path.open("rb") as file:
            text = file.read(MAXIMUM_BYTES + 1)
        if len(text) > MAXIMUM_BYTES:
            raise ValueError(f"it is longer than {MAXIMUM_BYTES} bytes")
        sounds = msgspec.json.decode(text, type=tuple[PlayerSound, ...])[:N_SOUNDS]
        for sound in sounds:
            _check(sound, latent_size)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:  # those of msgspec are ValueErrors
        raise SoundsError(
            f"{path} can't be used: {error}. Delete it; previews go on without."
        ) from error
    return sounds


def _check(sound: PlayerSound, latent_size: int) -> None:
    sizes = [len(z) for z in sound.latents]
    if not 1 <= len(sizes) <= MOST_POINTS or set(sizes) != {latent_size}:
        raise ValueError(f'"{sound.name}" has not 1 to {MOST_POINTS} latents of {latent_size}')
    if not 0 < len(sound.name) <= MAXIMUM_NAME or not sound.name.isprintable():
        raise ValueError(f"a name has 1 to {MAXIMUM_NAME} letters in one line")
    if not all(math.isfinite(number) for z in sound.latents for number in z):
        raise ValueError(f'"{sound.name}" holds a number that is not finite')
    if len(sound.weights) != len(sizes) or not all(0 <= w <= 1 for w in sound.weights):
        raise ValueError(f'"{sound.name}" has not a weight of 0..1 for each latent')
    if abs(math.fsum(sound.weights) - 1) > _SUM_ERROR:
        raise ValueError(f'the weights of "{sound.name}" do not sum to 1')
