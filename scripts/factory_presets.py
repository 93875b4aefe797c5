"""Write the factory presets from a table, with the latents of the bundled model.

    python scripts/factory_presets.py [MODEL_FOLDER]

To be run again whenever the bundled model is replaced: presets hold its latents and its hash.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from instrument.files import write_whole
from instrument.parameters import BY_NAME, defaults
from instrument.preset import Preset, decode_preset, encode_preset
from instrument.status import Corner
from model.gansynth import GANSynth

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "presets"
BUNDLED = FOLDER / "models" / "draft"


@dataclass(frozen=True)
class Sound:
    """A row of the table.

    Attributes:
        name: Of the preset.
        corners: Timbres: bottom left, bottom right, top left, top right.
        place: Of the finger, x and y.
        tags: Words to search for.
        changes: Parameters that are not at their default.
        mod: What the mod wheel moves.
    """

    name: str
    corners: tuple[str, str, str, str]
    place: tuple[float, float]
    tags: tuple[str, ...]
    changes: dict[str, float] = field(default_factory=dict)
    mod: str = "vibrato_depth"


SOUNDS = (
    Sound(
        "First light",
        ("Mellow Grand Piano", "Celesta", "Warm Pad", "Strings Slow"),
        (0.3, 0.25),
        ("keyboard", "soft"),
        {"release": 0.6},
    ),
    Sound(
        "Reed into glass",
        ("Clarinet", "Bowed Glass", "Oboe", "Celesta"),
        (0.35, 0.4),
        ("reed", "mallet", "bright"),
        {"attack": 0.01, "release": 0.5},
    ),
    Sound(
        "Koto and harpsichord",
        ("Koto", "Harpsichord", "Dulcimer", "Nylon String Guitar"),
        (0.45, 0.5),
        ("guitar", "plucked"),
    ),
    Sound(
        "Bowed choir",
        ("Cello", "Choir Aahs", "Viola", "Voice Oohs"),
        (0.5, 0.45),
        ("string", "vocal", "slow"),
        {"attack": 0.12, "release": 0.9, "spread": 0.3},
    ),
    Sound(
        "Wooden rain",
        ("Marimba", "Kalimba", "Xylophone", "Strings Pizzicato"),
        (0.4, 0.35),
        ("mallet", "plucked"),
        {"release": 0.4},
    ),
    Sound(
        "Low brass fog",
        ("Tuba", "French Horns", "Trombone", "Space Voice"),
        (0.3, 0.55),
        ("brass", "dark", "slow"),
        {"attack": 0.09, "release": 0.8, "cutoff": 2400.0, "key_tracking": 0.5},
        "cutoff",
    ),
    Sound(
        "Breath organ",
        ("Reed Organ", "Pan Flute", "Ocarina", "Accordion"),
        (0.5, 0.5),
        ("organ", "flute", "soft"),
        {"attack": 0.03, "release": 0.3},
    ),
    Sound(
        "Electric evening",
        ("Tine Electric Piano", "FM Electric Piano", "Vibraphone", "Electric Grand"),
        (0.35, 0.35),
        ("keyboard", "soft"),
        {"release": 0.5, "velocity_cutoff": 0.4, "cutoff": 9000.0, "spread": 0.3},
    ),
    Sound(
        "Four strings",
        ("Violin", "Viola", "Cello", "Fiddle"),
        (0.5, 0.5),
        ("string",),
        {"attack": 0.04, "release": 0.35},
    ),
    Sound(
        "Tin harmonium",
        ("Harmonica", "Bandoneon", "Italian Accordion", "Shenai"),
        (0.45, 0.4),
        ("reed", "bright"),
        {"release": 0.2},
    ),
    Sound(
        "Paper marimba",
        ("Marimba", "Music Box", "Banjo", "Steel Drums"),
        (0.3, 0.45),
        ("mallet", "dry"),
        {"sustain": 0.0, "decay": 1.4, "release": 0.25},
    ),
    Sound(
        "Slow choir lamp",
        ("Choir Aahs", "Synth Voice", "Halo Pad", "Sweep Pad"),
        (0.4, 0.55),
        ("vocal", "pad", "slow"),
        {"attack": 0.35, "release": 1.6, "spread": 0.5, "cutoff": 6500.0},
        "cutoff",
    ),
    Sound(
        "Glass koto",
        ("Koto", "Bowed Glass", "Taisho Koto", "Ice Rain"),
        (0.45, 0.45),
        ("guitar", "bright"),
        {"release": 0.8},
    ),
    Sound(
        "Nylon shimmer",
        ("Nylon String Guitar", "Steel String Guitar", "12-String Guitar", "Atmosphere"),
        (0.4, 0.4),
        ("guitar", "plucked"),
        {"release": 0.5, "spread": 0.35},
    ),
    Sound(
        "Cold celesta",
        ("Celesta", "Music Box", "Star Theme", "Ice Rain"),
        (0.35, 0.3),
        ("mallet", "bright"),
        {"release": 1.0},
    ),
    Sound(
        "Fretless whale",
        ("Fretless Bass", "Acoustic Bass", "Solo Vox", "Cello"),
        (0.35, 0.3),
        ("bass", "dark"),
        {"attack": 0.01, "release": 0.3, "vibrato_depth": 8.0, "vibrato_rate": 4.2},
    ),
    Sound(
        "Square meal",
        ("Square Lead", "Saw Lead", "Calliope Lead", "Polysynth"),
        (0.5, 0.4),
        ("synth", "lead"),
        {"cutoff": 4200.0, "resonance": 0.35, "velocity_cutoff": 0.5, "release": 0.15},
        "cutoff",
    ),
    Sound(
        "Brass and steel",
        ("Trumpet", "Brass Section", "Synth Brass 1", "Steel Drums"),
        (0.4, 0.45),
        ("brass", "bright"),
        {"attack": 0.015, "release": 0.2, "velocity_cutoff": 0.5, "cutoff": 12000.0},
    ),
    Sound(
        "Flute family",
        ("Flute", "Piccolo", "Recorder", "Shakuhachi"),
        (0.4, 0.5),
        ("flute", "soft"),
        {"attack": 0.03, "release": 0.2},
    ),
    Sound(
        "Saxes at dusk",
        ("Tenor Sax", "Alto Sax", "Baritone Sax", "Soprano Sax"),
        (0.35, 0.4),
        ("reed",),
        {"attack": 0.02, "release": 0.25, "cutoff": 8000.0},
    ),
    Sound(
        "Pizzicato clock",
        ("Strings Pizzicato", "Palm Muted Guitar", "Clavinet", "Xylophone"),
        (0.4, 0.35),
        ("string", "plucked", "dry"),
        {"release": 0.15},
    ),
    Sound(
        "Fantasia hall",
        ("Fantasia", "Warm Pad", "Brightness", "Strings Slow"),
        (0.45, 0.55),
        ("pad", "slow"),
        {"attack": 0.06, "release": 1.8, "spread": 0.6},
        "cutoff",
    ),
    Sound(
        "Rubber bass",
        ("Synth Bass 1", "Synth Bass 2", "Slap Bass", "Fingered Bass"),
        (0.4, 0.45),
        ("bass", "synth"),
        {
            "cutoff": 1800.0,
            "resonance": 0.45,
            "key_tracking": 0.6,
            "velocity_cutoff": 0.7,
            "release": 0.12,
            "spread": 0.0,
        },
        "cutoff",
    ),
    Sound(
        "Sitar for oboe",
        ("Sitar", "Oboe", "Shamisen", "English Horn"),
        (0.45, 0.5),
        ("guitar", "reed"),
        {"release": 0.35},
    ),
)


def make_preset(sound: Sound, model: GANSynth) -> Preset:
    """Fill in a row's latents and check its numbers."""
    numbers = {timbre.name: number for number, timbre in enumerate(model.timbres)}
    corners = tuple(
        Corner(
            name=name,
            timbre=name,
            z=tuple(round(float(x), 5) for x in model.latents[numbers[name]]),
        )
        for name in sound.corners
    )
    unknown = set(sound.changes) - set(BY_NAME)
    assert not unknown, f"{sound.name} has unknown parameters: {unknown}"
    return Preset(
        name=sound.name,
        model_name=model.name,
        model_hash=model.hash,
        corners=corners,
        pad_x=sound.place[0],
        pad_y=sound.place[1],
        parameters={**defaults(), **sound.changes},
        controllers={1: sound.mod},
        tags=sound.tags,
        author="Timbrepad",
    )


def main() -> None:
    """Write every row as a file, and delete the files of rows that are gone."""
    model = GANSynth.load(Path(sys.argv[1]) if len(sys.argv) > 1 else BUNDLED)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for number, sound in enumerate(SOUNDS):
        path = FOLDER / f"{number:02d} {sound.name}.json"
        text = encode_preset(make_preset(sound, model))
        decode_preset(text, str(path))
        write_whole(path, text)


if __name__ == "__main__":
    main()
