"""The models that can be opened: the bundled ones and the player's, told from their files alone."""

import contextlib
import difflib
import importlib.resources
import shutil
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec
from safetensors import SafetensorError, safe_open

from instrument.storage.paths import models_folder
from instrument.values.status import ModelInfo, Timbre, TimbreAxis

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "weights.safetensors"
DISCRIMINATOR_FILE = "discriminator.safetensors"
MAXIMUM_CONFIG_BYTES = 4_000_000
MAXIMUM_WEIGHTS_BYTES = 1_000_000_000
MAXIMUM_NAME = 80
TIMBRES_TENSOR = "timbres"
_CHUNK = 1 << 20


class ModelLibraryError(Exception):
    """A model can't be found, read, imported or removed; the message says what to do."""


class _Network(msgspec.Struct):
    latent_size: int = 256
    lowest_pitch: int = 24
    n_pitches: int = 61


class _Timbre(msgspec.Struct):
    name: str
    family: str = ""
    brightness: float = 0.5
    attack: float = 0.0
    decay: float = 0.5
    noisiness: float = 0.0


class _Axis(msgspec.Struct):
    name: str
    low: str = ""
    high: str = ""
    correlation: float = 0.0
    agreement: float = 0.0


class _Config(msgspec.Struct, kw_only=True):
    """What a list of models needs of `config.json`; the renderer reads the rest, strictly."""

    format: str
    name: str
    info: str = ""
    sample_rate: int
    network: _Network
    timbres: tuple[_Timbre, ...] = ()
    axes: tuple[_Axis, ...] = ()
    latent_space: str = ""


class ModelLibrary:
    """The bundled models and a folder of the player's; of one name, the player's is meant."""

    def __init__(self, user_folder: Path | None = None, bundled: Path | None = None) -> None:
        """Look at two folders, which need not exist.

        Args:
            user_folder: The player's; None is the usual place.
            bundled: What came with Timbrepad; None is the usual place.
        """
        self.user_folder = user_folder if user_folder is not None else models_folder()
        self.bundled = bundled if bundled is not None else _bundled_folder()
        self._hashes: dict[Path, tuple[tuple[int, ...], str]] = {}

    def list(self) -> tuple[ModelInfo, ...]:
        """List the models that can be opened, the bundled first; damaged folders are left out."""
        infos: dict[str, ModelInfo] = {}
        for folder in (*_model_folders(self.bundled), *_model_folders(self.user_folder)):
            with contextlib.suppress(ModelLibraryError):
                info = self._read(folder)
                infos[info.name.casefold()] = info
        return tuple(infos.values())

    def find(self, name: str) -> ModelInfo:
        """Find a model by its name, whatever its case, or by the path of its folder.

        Raises:
            ModelLibraryError: If there is none; the message lists those that are there.
        """
        infos = {info.name.casefold(): info for info in self.list()}
        info = infos.get(name.casefold())
        if info is not None:
            return info
        folder = Path(name).expanduser()
        if folder.is_dir():
            return self._read(folder)
        there = ", ".join(f'"{info.name}"' for info in infos.values())
        if not there:
            raise ModelLibraryError(
                f'There is no model "{name}", nor any other. Import one: '
                "timbrepad models import FOLDER."
            )
        near = difflib.get_close_matches(name.casefold(), infos, n=1)
        hint = f' Did you mean "{infos[near[0]].name}"?' if near else ""
        raise ModelLibraryError(f'There is no model "{name}".{hint} Models: {there}.')

    def first(self) -> ModelInfo | None:
        """Give the model to open when none is asked for, or None where there is none."""
        return next(iter(self.list()), None)

    def import_folder(self, folder: Path, name: str = "") -> ModelInfo:
        """Copy a model into the player's folder, whole or not at all.

        Args:
            folder: The model's.
            name: The copy's name; the model's own without it.

        Raises:
            ModelLibraryError: If it is not a model, its name is taken, or it can't be written.
        """
        name = name or self._read(folder).name
        self.check_free(name)
        try:
            self.user_folder.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(prefix=".", dir=self.user_folder))
            try:
                shutil.copyfile(folder / WEIGHTS_FILE, partial / WEIGHTS_FILE)
                if (folder / DISCRIMINATOR_FILE).exists():  # for who trains it further
                    shutil.copyfile(folder / DISCRIMINATOR_FILE, partial / DISCRIMINATOR_FILE)
                config = msgspec.json.decode((folder / CONFIG_FILE).read_bytes(), type=dict)
                if config["name"] == name:
                    shutil.copyfile(folder / CONFIG_FILE, partial / CONFIG_FILE)
                else:
                    text = msgspec.json.encode(config | {"name": name})
                    (partial / CONFIG_FILE).write_bytes(msgspec.json.format(text, indent=2))
                partial.chmod(0o755)
                partial.rename(self._free_folder(name))
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        except OSError as error:
            raise ModelLibraryError(
                f'Could not import "{name}": {error.strerror}. Free space, or check that '
                f"{self.user_folder} can be written."
            ) from error
        return self.find(name)

    def check_free(self, name: str) -> None:
        """See that a name can be given to a new model.

        Raises:
            ModelLibraryError: If it is taken, empty, too long, or holds control characters.
        """
        if not 0 < len(name.strip()) <= MAXIMUM_NAME or not name.isprintable():
            raise ModelLibraryError(
                f"A model's name has 1 to {MAXIMUM_NAME} letters in one line. Choose another."
            )
        if any(name.casefold() == other.name.casefold() for other in self.list()):
            raise ModelLibraryError(
                f'There is a model "{name}" already. Remove it first, or choose another name '
                "with --name."
            )

    def remove(self, name: str) -> ModelInfo:
        """Delete one of the player's models.

        Raises:
            ModelLibraryError: If there is none, it came with Timbrepad, or it can't be deleted.
        """
        info = self.find(name)
        folder = Path(info.path)
        if folder.parent != self.user_folder.resolve():
            raise ModelLibraryError(
                f'"{info.name}" is not one of your own models in {self.user_folder}; '
                "only those can be removed."
            )
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise ModelLibraryError(f'Could not remove "{name}": {error.strerror}.') from error
        return info

    def _free_folder(self, name: str) -> Path:
        stem = "".join(c if c.isalnum() or c in "-_ " else "_" for c in name).strip() or "model"
        folder, number = self.user_folder / stem, 1
        while folder.exists():
            number += 1
            folder = self.user_folder / f"{stem} {number}"
        return folder

    def _read(self, folder: Path) -> ModelInfo:
        """Read what a folder says of itself.

        Raises:
            ModelLibraryError: If it is not a model.
        """
        folder = folder.resolve()
        try:
            return self._info(folder)
        except FileNotFoundError as error:
            raise ModelLibraryError(
                f"{folder} is not a model. Choose a folder with {CONFIG_FILE} and {WEIGHTS_FILE}."
            ) from error
        except OSError as error:
            raise ModelLibraryError(f"Could not read {folder}: {error.strerror}.") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ModelLibraryError(
                f"{folder / CONFIG_FILE} is not a Timbrepad model's: {error}."
            ) from error

    def _info(self, folder: Path) -> ModelInfo:
        with (folder / CONFIG_FILE).open("rb") as file:
            text = file.read(MAXIMUM_CONFIG_BYTES)  # longer ones are not JSON any more
        config = msgspec.json.decode(text, type=_Config)
        if config.format != "timbrepad-model":
            raise msgspec.ValidationError(f'its format is "{config.format}"')
        network = config.network
        identity = self._hash(folder)
        return ModelInfo(
            name=config.name,
            hash=identity,
            path=str(folder),
            info=config.info,
            sample_rate=config.sample_rate,
            n_timbres=len(config.timbres),
            latent_size=network.latent_size,
            lowest_pitch=network.lowest_pitch,
            highest_pitch=network.lowest_pitch + network.n_pitches - 1,
            latent_space=config.latent_space or identity,
            axes=tuple(
                TimbreAxis(axis.name, axis.low, axis.high, axis.correlation, axis.agreement)
                for axis in config.axes
            ),
        )

    def _hash(self, folder: Path) -> str:
        """Give the model's identity, as the renderer gives it; recalled while nothing changes."""
        files = [folder / CONFIG_FILE, folder / WEIGHTS_FILE]
        states = [file.stat() for file in files]
        stamp = tuple(value for state in states for value in (state.st_mtime_ns, state.st_size))
        if states[1].st_size > MAXIMUM_WEIGHTS_BYTES:
            raise ModelLibraryError(f"{files[1]} is too large ({states[1].st_size} bytes).")
        known = self._hashes.get(folder)
        if known is None or known[0] != stamp:
            digest = sha256()
            for file, state in zip(files, states, strict=True):
                digest.update(f"{file.name} {state.st_size}\n".encode())
                with file.open("rb") as opened:
                    while chunk := opened.read(_CHUNK):
                        digest.update(chunk)
            known = self._hashes[folder] = (stamp, digest.hexdigest())
        return known[1]


def read_timbres(model: ModelInfo) -> tuple[Timbre, ...]:
    """Read a model's named timbres, latents included, without torch: long before it is loaded.

    Returns:
        As the renderer will give them; none when the files do not fit each other. What is wrong
        with them the renderer says when it opens the model.
    """
    folder = Path(model.path)
    try:
        config = msgspec.json.decode((folder / CONFIG_FILE).read_bytes(), type=_Config)
        with safe_open(folder / WEIGHTS_FILE, framework="numpy") as weights:
            latents = weights.get_tensor(TIMBRES_TENSOR)
    except (OSError, SafetensorError, msgspec.DecodeError, UnicodeDecodeError):
        return ()
    if latents.shape != (len(config.timbres), model.latent_size):
        return ()
    return tuple(
        Timbre(
            name=timbre.name,
            family=timbre.family,
            z=tuple(float(value) for value in z),
            brightness=timbre.brightness,
            attack=timbre.attack,
            decay=timbre.decay,
            noisiness=timbre.noisiness,
        )
        for timbre, z in zip(config.timbres, latents, strict=True)
    )


def _bundled_folder() -> Path:
    return Path(str(importlib.resources.files("presets"))) / "models"


def _model_folders(folder: Path) -> Iterator[Path]:
    """Give the folders that may be models, in the order of their names."""
    if folder.is_dir():
        folders = [path for path in folder.iterdir() if (path / CONFIG_FILE).is_file()]
        yield from sorted(path for path in folders if not path.name.startswith("."))
