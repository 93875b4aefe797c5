"""A sound as `note` and `render` are told of it: a preset, a timbre, or a place among latents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from instrument import ModelInfo, Preset, Timbre
    from instrument.songs.performance import BeginPerformance
    from model.gansynth import GANSynth


@dataclass(frozen=True)
class Sound:
    """What the options say of the timbre: a preset, or a seed, or a file; and the model."""

    preset_name: str
    seed: int | None
    z_file: Path | None
    model_name: str
    begin: "BeginPerformance | None" = None  # of a performance, which brings its own sound

    def __post_init__(self) -> None:
        if self.seed is not None and self.z_file is not None:
            raise typer.BadParameter("--seed and --z exclude each other.")

    def preset(
        self, draw: Callable[[int], Sequence[float]] | None, *, has_timbres: bool = True
    ) -> "Preset":
        """Give the preset to begin with; a drawn timbre keeps the named preset's parameters.

        Without any wish it is the first preset, or four drawn timbres where the model has no
        named ones that could take the place of that preset's.
        """
        import msgspec

        from instrument import Preset, PresetLibrary
        from instrument.songs.offline_player import preset_of_latent

        if self.begin is not None:
            return self.begin.preset
        library = PresetLibrary()
        preset = library.load(self.preset_name) if self.preset_name else Preset()
        if self.z_file is not None:
            corners = preset_of_latent(_read_latent(self.z_file), self.z_file.stem).corners
        elif self.seed is not None and draw is not None:
            corners = preset_of_latent(draw(self.seed), f"seed {self.seed}").corners
        elif self.seed is None and not self.preset_name and not has_timbres and draw is not None:
            drawn = [
                preset_of_latent(draw(seed), f"seed {seed}").corners[0] for seed in (1, 2, 3, 4)
            ]
            corners = tuple(drawn)
        elif self.seed is None and not self.preset_name and library.list():
            return library.load(library.by_program(0).name)
        else:
            return preset
        return msgspec.structs.replace(preset, corners=corners, model_hash="")

    def begin_at(self, sample_rate: int) -> "BeginPerformance | None":
        """Give a performance's beginning where the rate is the recorded one."""
        begin = self.begin
        return begin if begin is not None and begin.sample_rate == sample_rate else None

    def model(self) -> "ModelInfo":
        """Give the model to open: the named one, else the preset's, else the first."""
        from instrument.presets.models import ModelLibrary, ModelLibraryError

        library = ModelLibrary()
        if self.model_name:
            return library.find(self.model_name)
        wanted = self.preset(None)
        for info in library.list():
            if info.hash == wanted.model_hash or info.name == wanted.model_name:
                return info
        first = library.first()
        if first is None:
            raise ModelLibraryError("There is no model. Import one: timbrepad models import FOLDER")
        return first


def _read_latent(file: Path) -> list[float]:
    import numpy as np

    try:
        z = np.load(file, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise typer.BadParameter(f'"{file}" is not a .npy file of numbers.') from error
    if z.dtype.kind != "f" or z.size == 0 or not np.isfinite(z).all():
        raise typer.BadParameter(f'"{file}" must hold finite floats, not {z.dtype} {z.shape}.')
    return [float(value) for value in z.ravel()]


def timbres(gansynth: "GANSynth") -> "list[Timbre]":
    """Name a model's timbres."""
    from instrument import Timbre

    return [
        Timbre(name=timbre.name, family=timbre.family, z=tuple(z))
        for timbre, z in zip(gansynth.timbres, gansynth.latents.tolist(), strict=True)
    ]


def load_exactly(path: str, device: str) -> "GANSynth":
    """Open a model for what is compared with the original's: float32, on the CPU unless forced."""
    from model.device import choose_device
    from model.gansynth import GANSynth

    name = "cpu" if device == "auto" else choose_device(device).device.name
    return GANSynth.load(Path(path), name, None if name == "cpu" else "fp32")
