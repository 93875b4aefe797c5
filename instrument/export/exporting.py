"""An export from beginning to end: a preset's notes in, a folder for a sampler out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from instrument.notes.offline_notes import NoteSource
from instrument.presets.preset import Preset
from instrument.storage.file_names import file_name
from instrument.storage.folder import MARK, whole_folder

from . import decent_sampler, sfz, soundfont_sound
from .left_out import left_out
from .recording import Plan, describe, record
from .sampled import ExportError, Sample, SampledSound, Wave
from .wave_sample import Encoding, write_sample

Format = Literal["sfz", "decentsampler", "sf2"]

_SAMPLES = "samples/"
_README = "README.txt"
_BYTES = 3  # of a frame
_USUAL_SECONDS, _LONGEST_SECONDS = 3.0, 12.0  # of a note that loops, of one that decays
_FLAC_SHARE = 0.6  # of a WAV's size


@dataclass(frozen=True)
class ExportOptions:
    """What to make.

    Attributes:
        format: Of the instrument.
        encoding: Of the samples; a SoundFont has them inside.
        author: Who made it; "" is the preset's author.
        license: What others may do with it.
        replace: Whether a former export of the same name may go.
    """

    format: Format = "sfz"
    encoding: Encoding = "wav"
    author: str = ""
    license: str = ""
    replace: bool = False


@dataclass(frozen=True)
class Exported:
    """What came of it.

    Attributes:
        file: To open in the sampler.
        n_samples: Notes in it.
        n_bytes: Of all files.
        differences: What does not sound as in the instrument, in lines.
    """

    file: Path
    n_samples: int
    n_bytes: int
    differences: tuple[str, ...]


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What an exported folder says of itself."""

    format: str
    preset: str
    model_name: str
    model_hash: str
    grid: int
    pitches: tuple[int, ...]
    sample_rate: int
    author: str
    license: str


def estimate_bytes(plan: Plan, options: ExportOptions) -> tuple[int, int]:
    """Give how large an export will be: usually, and at most (when every note decays slowly)."""
    share = _FLAC_SHARE if options.encoding == "flac" and options.format != "sf2" else 1.0
    per_second = plan.n_samples * plan.sample_rate * _BYTES
    return (
        round(share * per_second * _USUAL_SECONDS),
        round(per_second * _LONGEST_SECONDS),
    )


def export_sound(
    preset: Preset,
    plan: Plan,
    notes: NoteSource,
    folder: Path,
    options: ExportOptions,
    *,
    model_name: str = "",
    model_hash: str = "",
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Exported:
    """Record a preset and write it as a sampler's instrument; whole or not at all.

    Args:
        preset: Whose sound it is.
        plan: Which notes.
        notes: Makes them.
        folder: That shall come to be.
        options: What to make of them.
        model_name: Of the model, for the words in the files.
        model_hash: Its identity.
        progress: Told how many of how many notes are done.

    Raises:
        ExportError: If it can't be written, or the format can't hold it.
    """
    if options.format == "sf2" and plan.grid > 1:
        raise ExportError(
            "A SoundFont has no cross-fades by controllers: leave --grid out, or choose --format "
            "sfz or decentsampler."
        )
    preset = msgspec.structs.replace(preset, name=_plain(preset.name) or "Untitled")
    model_name = _plain(model_name)
    comment = f"Made with Timbrepad; model: {model_name}" if model_name else "Made with Timbrepad"
    author, license_ = _plain(options.author or preset.author), _plain(options.license)
    words = {"author": author, "license": license_}
    with whole_folder(folder, replace=options.replace) as part:
        keeper = _Keeper(
            part, preset.name, plan.sample_rate, options, {**words, "comment": comment}
        )
        samples = record(plan, notes, keeper.keep, progress)
        sound = describe(preset, plan, samples, comment=comment, **words)
        name, softer_db = keeper.finish(sound)
        differences = left_out(preset, options.format, softer_db)
        mark = _Mark(
            format=options.format,
            preset=preset.name,
            model_name=model_name,
            model_hash=model_hash,
            grid=plan.grid,
            pitches=plan.pitches,
            sample_rate=plan.sample_rate,
            **words,
        )
        (part / MARK).write_bytes(msgspec.json.format(msgspec.json.encode(mark), indent=2) + b"\n")
        (part / _README).write_text(_readme(sound, name, differences), "utf-8", newline="\n")
        n_bytes = sum(path.stat().st_size for path in part.rglob("*") if path.is_file())
    return Exported(folder / name, len(samples), n_bytes, differences)


def _plain(text: str) -> str:
    """Give words in one line, without what no text, tag or XML may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


class _Keeper:
    """Takes the samples as they come: into files, or for a SoundFont into memory."""

    def __init__(
        self,
        folder: Path,
        name: str,
        sample_rate: int,
        options: ExportOptions,
        words: dict[str, str],
    ) -> None:
        self._folder = folder
        self._rate = sample_rate
        self._name = name
        self._options = options
        self._tags = {"artist": words["author"], "copyright": words["license"]}
        self._tags |= {"comment": words["comment"], "software": "Timbrepad"}
        self._waves: dict[Sample, Wave] = {}

    def keep(self, sample: Sample, wave: Wave) -> None:
        if self._options.format == "sf2":
            self._waves[sample] = wave
            return
        encoding = self._options.encoding
        path = self._folder / f"{_SAMPLES}{sample.name}.{encoding}"
        path.parent.mkdir(parents=True, exist_ok=True)
        tags = self._tags | {"title": f"{self._name}, {sample.name}"}
        write_sample(path, wave, sample, self._rate, encoding, tags)

    def finish(self, sound: SampledSound) -> tuple[str, float]:
        """Write what says how they are played: its name, and by how many dB all is softer."""
        match self._options.format:
            case "sf2":
                name = file_name(sound.name, soundfont_sound.SUFFIX)
                path = self._folder / name
                return name, soundfont_sound.write_soundfont(path, sound, self._waves)
            case "sfz":
                name = file_name(sound.name, sfz.SUFFIX)
                text = sfz.sfz_text(sound, _SAMPLES, f".{self._options.encoding}")
            case "decentsampler":
                name = file_name(sound.name, decent_sampler.SUFFIX)
                text = decent_sampler.decent_sampler_text(
                    sound, _SAMPLES, f".{self._options.encoding}"
                )
        (self._folder / name).write_text(text, "utf-8", newline="\n")
        return name, 0.0


def _readme(sound: SampledSound, name: str, differences: tuple[str, ...]) -> str:
    lines = [sound.name, "", f"Open {name} in a sampler.", sound.comment + "."]
    lines += [f"Author: {sound.author}"] if sound.author else []
    lines += [f"License: {sound.license}"] if sound.license else []
    if sound.grid > 1:
        lines.append("Controllers 16 and 17 move over the pad.")
    if differences:
        lines += ["", "What does not sound as in Timbrepad:", *(f"* {d}" for d in differences)]
    return "\n".join(lines) + "\n"
