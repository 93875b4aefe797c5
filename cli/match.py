"""`timbrepad match`: the latent whose note is nearest to a recording."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import notice, progress, say, say_json
from .options import JsonOption, ModelOption
from .sound import Sound

if TYPE_CHECKING:
    from instrument import ModelInfo
    from instrument.notes.matching import Match

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog="Example: timbrepad match flute.wav -o flute.json; or: "
    "timbrepad match flute.wav --sounds compare --pitch 60 --json"
)
def match(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A single note: WAV, FLAC, OGG, MP3 or AIFF.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="OUT.json", help="A preset of the match."),
    ] = None,
    sounds: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the recording and the match, to compare by ear."),
    ] = None,
    pitch: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, max=127, help="What it sounds; else that is heard."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(metavar="S", min=0, max=600, help="Of the search, at most.")
    ] = 12.0,
    model: ModelOption = "",
    steps: Annotated[
        bool, typer.Option("--steps", help="Print each step as a line of JSON on stderr.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Find the timbre that comes nearest to a recorded note."""
    import msgspec
    import torch

    from instrument.notes.matching import Match, Matcher
    from model.gansynth import GANSynth

    info = Sound("", None, None, model).model()
    torch.set_num_threads(
        1
    )  # two that wait for each other take many times as long when others work
    matcher = Matcher.open(file, GANSynth.load(Path(info.path)), pitch)
    found = Match(share=0.0)
    with progress(f"Matching {file.name}") as update:
        for step in matcher.search(seconds):
            if step.z:
                found = step
                if sounds is not None:
                    matcher.write_sounds(sounds, step.z)
            if steps:
                notice(msgspec.json.encode(step).decode())
            update(step.share, 1.0, f"{found.off_db:.1f} dB")
    if out is not None:
        _write_match(out, found, info, file.stem)
    if json_:
        say_json(msgspec.to_builtins(found) | {"model": info.name, "file": str(file)})
    else:
        _say_match(found)


def _write_match(out: Path, found: "Match", info: "ModelInfo", name: str) -> None:
    """Write a preset that has a match wherever the pad is."""
    import msgspec

    from instrument import encode_preset
    from instrument.songs.offline_player import preset_of_latent
    from instrument.storage.files import write_whole

    preset = msgspec.structs.replace(
        preset_of_latent(found.z, name),
        model_name=info.name,
        model_hash=info.hash,
        latent_space=info.latent_space if info.latent_space != info.hash else "",
        notes=f"Matched to a recording: {found.off_db:.1f} dB (log-mel) from it.",
    )
    write_whole(out, encode_preset(preset))
    notice(f"Wrote {out}")


def _say_match(found: "Match") -> None:
    from instrument.values.units import note_name

    cents = round(100 * (found.heard - round(found.heard)))
    heard = f"{note_name(round(found.heard))}{f' {cents:+d} cents' if cents else ''}"
    at = "" if round(found.heard) == found.pitch else f", compared at {note_name(found.pitch)}"
    say(f"The recording sounds {heard}{at}.")
    say(f"The match is {found.off_db:.1f} dB from it (log-mel), after {found.seconds:.1f} s.")
    if found.timbre_off_db is not None:
        say(f'The nearest named timbre, "{found.timbre}", is {found.timbre_off_db:.1f} dB from it.')
