"""The player's presets that a run can render: those made in its latent space."""

from pathlib import Path

import msgspec

from instrument import Preset, PresetError, PresetLibrary, weights_at

N_SOUNDS = 4
_MOST_READ = 64


class OwnSound(msgspec.Struct, frozen=True):
    """A preset's place between its points, as the trainer reads it.

    Attributes:
        name: The preset's.
        latents: float [point, latent], of the pad's points.
        weights: How much of each the finger's place has; sum 1.
    """

    name: str
    latents: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]


def own_sounds(library: PresetLibrary, latent_space: str) -> tuple[OwnSound, ...]:
    """Choose the player's presets that mean something to a model.

    Args:
        library: The presets; the factory's are left out.
        latent_space: Identity of the model's.

    Returns:
        At most four, those that were changed last.
    """
    own = [entry for entry in library.list() if not entry.is_factory and not entry.problem]
    own.sort(key=lambda entry: -_changed_at(Path(entry.path)))
    sounds: list[OwnSound] = []
    for entry in own[:_MOST_READ]:
        try:
            preset = library.load(entry.name)
        except PresetError:  # gone since it was listed
            continue
        if preset.is_of_space(latent_space) and _has_latents(preset) and len(sounds) < N_SOUNDS:
            latents = tuple(corner.z for corner in preset.corners)
            weights = weights_at(preset.corners, preset.pad_x, preset.pad_y)
            sounds.append(OwnSound(preset.name, latents, weights))
    return tuple(sounds)


def _has_latents(preset: Preset) -> bool:
    sizes = {len(corner.z) for corner in preset.corners}
    return len(sizes) == 1 and 0 not in sizes


def _changed_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
