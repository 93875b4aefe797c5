"""`timbrepad note`: one note into a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import (
    DeviceOption,
    KeyboardMapOption,
    ModelOption,
    OutOption,
    PresetOption,
    SeedOption,
    TuningOption,
    check_device,
    read_tuning,
)
from .render import play_offline
from .sound import Sound, load_exactly, timbres

if TYPE_CHECKING:
    from instrument.songs.performance import PerformedEvent

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: timbrepad note -o c4.wav --pitch 60 --seed 7 --seconds 2")
def note(
    out: OutOption,
    pitch: Annotated[int, typer.Option(metavar="N", min=0, max=127, help="MIDI note, C4 is 60.")],
    seed: SeedOption = None,
    preset: PresetOption = "",
    z: Annotated[
        Path | None, typer.Option("--z", metavar="FILE.npy", help="Take the latent from a file.")
    ] = None,
    model: ModelOption = "",
    seconds: Annotated[
        float, typer.Option(metavar="S", min=0.01, max=600, help="How long the key is down.")
    ] = 3.0,
    velocity: Annotated[int, typer.Option(metavar="V", min=1, max=127)] = 100,
    sample_rate: Annotated[int, typer.Option(metavar="R", min=8000, max=192000)] = 48000,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="As the network makes it: the model's rate, float32, no level."),
    ] = False,
    device: DeviceOption = "auto",
    tuning: TuningOption = None,
    keyboard_map: KeyboardMapOption = None,
) -> None:
    """Write one note as a WAV file."""
    from instrument import NoteOff, NoteOn

    check_device(device)
    sound = Sound(preset, seed, z, model)
    if raw:
        if tuning is not None or keyboard_map is not None:
            raise typer.BadParameter("--raw excludes --tuning and --keyboard-map.")
        _write_raw_note(out, pitch, sound, device)
        return
    tuned = read_tuning(tuning, keyboard_map)
    events: list[PerformedEvent] = [
        NoteOn(note=pitch, velocity=velocity),
        NoteOff(note=pitch, time_seconds=seconds),
    ]
    play_offline(events, out, sound, sample_rate, device, tuning=tuned)


def _write_raw_note(out: Path, pitch: int, sound: Sound, device: str) -> None:
    """Write a note as the network makes it."""
    import torch

    from instrument.notes.renderer import place_latent
    from instrument.songs.offline import wave_file
    from instrument.songs.offline_player import PresetPlayer

    info = sound.model()
    gansynth = load_exactly(info.path, device)
    if pitch not in gansynth.pitches:
        raise typer.BadParameter(
            f"--pitch must be {info.lowest_pitch}..{info.highest_pitch} with "
            f'"{info.name}", not {pitch}.'
        )
    preset = sound.preset(
        lambda seed: gansynth.draw(seed).tolist(), has_timbres=bool(gansynth.timbres)
    )
    target = PresetPlayer(preset, info, timbres(gansynth)).target(0.0)
    z = place_latent(gansynth, target.latents, target.weights, target.leaning)
    wave = gansynth.generate(z[None], torch.tensor([pitch]))[0].numpy()
    with wave_file(out, gansynth.sample_rate, n_channels=1, encoding="FLOAT") as write:
        write(wave[:, None])
