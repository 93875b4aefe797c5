"""Write the factory presets from a table, with the latents of the bundled model.

    python scripts/factory_presets.py [MODEL_FOLDER]

To be run again whenever the bundled model is replaced: presets hold its latents and its hash.
"""

import sys
from pathlib import Path

import msgspec
from factory_sounds import SOUNDS, Sound

from gui.presets.preset_sound import preset_features
from instrument.pad.pad_points import weights_at
from instrument.presets.models import ModelLibrary, read_timbres
from instrument.presets.preset import Preset, decode_preset, encode_preset
from instrument.storage.files import write_whole
from instrument.values.parameters import BY_NAME, defaults
from instrument.values.status import Corner, ModelInfo, Timbre

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "presets"
BUNDLED = FOLDER / "models" / "draft"

MEASURED = ("dark", "bright", "slow", "short", "endless", "breathy", "pure")
MAXIMUM_TAGS = 6


def make_preset(sound: Sound, model: ModelInfo, timbres: dict[str, Timbre]) -> Preset:
    """Fill in a row's latents and tags, and check its numbers."""
    corners = tuple(
        Corner(name=name, timbre=name, z=tuple(round(x, 5) for x in timbres[name].z))
        for name in sound.corners
    )
    unknown = set(sound.changes) - set(BY_NAME)
    assert not unknown, f"{sound.name} has unknown parameters: {unknown}"
    preset = Preset(
        name=sound.name,
        model_name=model.name,
        model_hash=model.hash,
        latent_space=model.latent_space if model.latent_space != model.hash else "",
        corners=corners,
        pad_x=sound.place[0],
        pad_y=sound.place[1],
        parameters={**defaults(), **sound.changes},
        controllers={1: sound.mod},
        author="Timbrepad",
        licence="Apache-2.0",
    )
    return msgspec.structs.replace(preset, tags=tags_of(sound, preset, timbres))


def tags_of(sound: Sound, preset: Preset, timbres: dict[str, Timbre]) -> tuple[str, ...]:
    """Tag a preset by its heaviest families, how it sounds under the finger, and its use."""
    weights = dict.fromkeys((timbres[name].family for name in sound.corners), 0.0)
    for name, weight in zip(sound.corners, weights_at(preset.corners, *sound.place), strict=True):
        weights[timbres[name].family] += weight
    families = sorted(weights, key=lambda family: -weights[family])[:2]
    heard = preset_features(preset, list(timbres.values()))
    measured = (
        heard.brightness < 0.3,
        heard.brightness > 0.6,
        heard.attack > 0.65,
        heard.decay < 0.2,
        heard.decay > 0.75,
        heard.noisiness > 0.65,
        heard.noisiness < 0.3,
    )
    words = [word for word, holds in zip(MEASURED, measured, strict=True) if holds]
    use = [tag for tag in sound.tags if tag not in MEASURED]
    tags = [family.replace("synth_lead", "synth") for family in families] + words + use
    return tuple(dict.fromkeys(tags))[:MAXIMUM_TAGS]


def main() -> None:
    """Write every row as a file, and delete the files of rows that are gone."""
    folder = sys.argv[1] if len(sys.argv) > 1 else str(BUNDLED)
    model = ModelLibrary().find(folder)
    timbres = {timbre.name: timbre for timbre in read_timbres(model)}
    missing = {name for sound in SOUNDS for name in sound.corners} - set(timbres)
    if missing:
        sys.exit(f'"{model.name}" has no timbres {", ".join(sorted(missing))}. Change the table.')
    texts = {}
    for number, sound in enumerate(SOUNDS):
        path = FOLDER / f"{number:02d} {sound.name}.json"
        texts[path] = encode_preset(make_preset(sound, model, timbres))
        decode_preset(texts[path], str(path))
    for old in set(FOLDER.glob("*.json")) - set(texts):
        old.unlink()
    for path, text in texts.items():
        write_whole(path, text)


if __name__ == "__main__":
    main()
