"""`timbrepad render`: MIDI files into sound, without a device."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import notice, progress, say_ratio
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
from .sound import Sound, load_exactly

if TYPE_CHECKING:
    from instrument import Preset, Tuning
    from instrument.songs.offline import Encoding
    from instrument.songs.performance import PerformedEvent
    from instrument.songs.song_parts import SongPart
    from instrument.songs.song_render import Mixdown

_ENCODINGS: "dict[int, Encoding]" = {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"}

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog="Example: timbrepad render song.mid -o song.wav --seed 3 --instrument-seconds 5; or: "
    'timbrepad render band.mid -o band.flac --channel 1="Rubber bass" --channel 2="Bowed choir" '
    "--channel 10= --stems stems --normalise -1"
)
def render(
    song: Annotated[Path, typer.Argument(metavar="SONG.mid")],
    out: OutOption,
    preset: PresetOption = "",
    seed: SeedOption = None,
    model: ModelOption = "",
    instrument_seconds: Annotated[
        float | None,
        typer.Option(metavar="S", min=0, help="A new random timbre every S seconds, morphed into."),
    ] = None,
    sample_rate: Annotated[
        int | None,
        typer.Option(
            metavar="R",
            min=8000,
            max=192000,
            show_default="48000",
            help="In Hz; with --like-magenta it is the model's.",
        ),
    ] = None,
    like_magenta: Annotated[
        bool,
        typer.Option(
            "--like-magenta",
            help="As Magenta's gansynth_generate does it: MIDI 36 to 84, random timbres every 6 s, "
            "each note cut off and normalised; mono, float32, at the model's rate.",
        ),
    ] = False,
    device: DeviceOption = "auto",
    tuning: TuningOption = None,
    keyboard_map: KeyboardMapOption = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N=P",
            help="The preset of channel N, 1 to 16; N= silences it. Each channel is then a part of "
            "its own, with --preset where it has none, and its program changes are its own.",
        ),
    ] = None,
    pad: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Move the pad: a text with seconds, x, y in each line."),
    ] = None,
    stems: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also each channel by itself; their sum is the mix."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace stems that a former render made.")
    ] = False,
    bits: Annotated[
        int, typer.Option(metavar="N", help="Of a sample: 16, 24, or 32 (floats; WAV only).")
    ] = 24,
    normalise: Annotated[
        float | None,
        typer.Option(metavar="DB", min=-60, max=0, help="Bring the loudest sample to this level."),
    ] = None,
) -> None:
    """Play a MIDI file into a WAV or FLAC file; controllers 16 and 17 move the pad.

    A file that was recorded with Timbrepad brings its presets, its model and its rate, and gives
    the sound that was heard.
    """
    began = time.monotonic()
    check_device(device)
    encoding = _ENCODINGS.get(bits)
    if encoding is None:
        raise typer.BadParameter(f"--bits must be 16, 24 or 32, not {bits}.")
    if bits == 32 and out.suffix.lower() == ".flac":
        raise typer.BadParameter("--bits must be 16 or 24 for a FLAC: it holds no floats.")
    if like_magenta:
        if channel or stems or pad or normalise is not None or bits != 24:
            raise typer.BadParameter(
                "--like-magenta excludes --channel, --stems, --pad, --bits and --normalise."
            )
        if preset or sample_rate is not None or tuning is not None or keyboard_map is not None:
            raise typer.BadParameter(
                "--like-magenta excludes --preset, --sample-rate, --tuning and --keyboard-map."
            )
        sound = Sound("", seed, None, model)
        _render_like_magenta(song, out, sound, instrument_seconds, device)
        return
    from instrument.songs.performance import BeginPerformance, UsePreset
    from instrument.songs.song import read_song

    performed = read_song(song)
    begin = performed[0] if isinstance(performed[0], BeginPerformance) else None
    mixes = bool(channel or stems) or normalise is not None
    if begin is not None and (preset or seed is not None or instrument_seconds):
        raise typer.BadParameter(
            f"{song} brings its own sound: leave out --preset, --seed and --instrument-seconds."
        )
    if begin is not None and (mixes or pad is not None):
        raise typer.BadParameter(
            f"{song} was recorded with Timbrepad and is played as it was: leave out --channel, "
            "--stems, --pad and --normalise."
        )
    sound = Sound(preset, seed, None, model, begin)
    tuned = read_tuning(tuning, keyboard_map)
    events = [event for event in performed if not isinstance(event, BeginPerformance | UsePreset)]
    if pad is not None:
        from instrument.songs.song_path import moves_along, read_pad_path, with_moves

        events = with_moves(events, moves_along(read_pad_path(pad)))
    if mixes:
        if instrument_seconds:
            raise typer.BadParameter(
                "--instrument-seconds excludes --channel, --stems and --normalise."
            )
        from instrument.songs.song_parts import SongPart, split_song
        from instrument.songs.song_render import Mixdown

        to = Mixdown(out, encoding, stems, force, normalise)
        of_channel = _channel_presets(channel or [])

        def split(usual: "Preset") -> list[SongPart]:
            if channel or stems:
                return split_song(events, usual, of_channel)
            return [SongPart(0, usual, tuple(events))]

        split(sound.preset(None))  # a channel that plays nothing is told before anything starts
        _play_parts(split, to, sound, sample_rate or 48000, device, tuned)
        return
    rate = sample_rate or (round(begin.sample_rate) if begin is not None else 48000)
    play_offline(
        events if begin is None else performed,
        out,
        sound,
        rate,
        device,
        instrument_seconds or 0.0,
        tuning=tuned,
        encoding=encoding,
    )
    say_ratio(performed[-1].time_seconds, time.monotonic() - began)


def _channel_presets(words: Sequence[str]) -> "dict[int, Preset | None]":
    """Read the words of --channel: "3=Name", or "3=" for silence."""
    from instrument import PresetLibrary

    presets: dict[int, Preset | None] = {}
    for word in words:
        number, equals, name = word.partition("=")
        if not equals or not number.strip().isdecimal() or not 1 <= int(number) <= 16:
            raise typer.BadParameter(f'--channel must be N=PRESET, N from 1 to 16, not "{word}".')
        if int(number) - 1 in presets:
            raise typer.BadParameter(f"--channel {int(number)} is given twice.")
        presets[int(number) - 1] = PresetLibrary().load(name) if name.strip() else None
    return presets


def _preset_of_program(program: int, bank: int) -> "Preset":
    from instrument import PresetLibrary

    return PresetLibrary().load(PresetLibrary().by_program(program, bank).name)


def _play_parts(
    split: "Callable[[Preset], list[SongPart]]",
    to: "Mixdown",
    sound: "Sound",
    sample_rate: int,
    device: str,
    tuning: "Tuning | None",
) -> None:
    """Play a song's parts one after the other and mix them, with a bar on stderr."""
    from instrument.notes.offline_notes import RenderedNotes
    from instrument.songs.song_render import render_song

    began = time.monotonic()
    with RenderedNotes(sound.model().path, sample_rate, device=device) as notes:
        usual = sound.preset(notes.draw, has_timbres=bool(notes.timbres))
        with progress(f"Playing into {to.out.name}") as update:
            seconds = render_song(
                split(usual),
                notes,
                to,
                sample_rate,
                preset_of_program=_preset_of_program,
                tuning=tuning,
                progress=update,
            )
    say_ratio(seconds, time.monotonic() - began)


def play_offline(
    events: Sequence["PerformedEvent"],
    out: Path,
    sound: Sound,
    sample_rate: int,
    device: str,
    instrument_seconds: float = 0.0,
    *,
    tuning: "Tuning | None" = None,
    encoding: "Encoding" = "PCM_24",
) -> None:
    """Play events through the engine into a file, with a bar on stderr."""
    from instrument.engine.engine import Engine
    from instrument.notes.offline_notes import RenderedNotes
    from instrument.songs.arranging import arrange
    from instrument.songs.offline import perform, wave_file
    from instrument.songs.offline_player import PresetPlayer, WalkPlayer

    model = sound.model()
    total = events[-1].time_seconds
    with (
        wave_file(out, sample_rate, encoding=encoding) as write,
        RenderedNotes(model.path, sample_rate, device=device) as notes,
    ):
        preset = sound.preset(notes.draw, has_timbres=bool(notes.timbres))
        if instrument_seconds:
            player: PresetPlayer = WalkPlayer(
                preset,
                notes.model,
                notes.timbres,
                notes.draw,
                seed=sound.seed or 0,
                step_seconds=instrument_seconds,
                tuning=tuning,
            )
        else:
            player = PresetPlayer(
                preset, notes.model, notes.timbres, _preset_of_program, tuning=tuning
            )
        pitches = range(notes.model.lowest_pitch, notes.model.highest_pitch + 1)
        moments = arrange(events, player, pitches, goes_on=notes.onward is not None)
        engine = Engine(sample_rate, notes.pool)
        with progress(f"Playing into {out.name}") as update:
            perform(
                moments,
                notes,
                engine,
                sample_rate,
                write,
                lambda done: update(done, total, ""),
                begin=sound.begin_at(sample_rate),
                onward=notes.onward,
            )
        del engine  # it reads the pool, which goes now


def _render_like_magenta(
    song: Path, out: Path, sound: Sound, instrument_seconds: float | None, device: str
) -> None:
    """Render a song as the original GANSynth does."""
    import numpy as np
    import torch

    from instrument.songs import gansynth_clip
    from instrument.songs.offline import wave_file
    from instrument.songs.song import SongError
    from instrument.songs.song_notes import read_notes

    step = gansynth_clip.INSTRUMENT_SECONDS if instrument_seconds is None else instrument_seconds
    seed = sound.seed or 0
    if step < 0.1 or not 0 <= seed < 1 << 32:
        raise typer.BadParameter(
            "--like-magenta takes --instrument-seconds 0.1 or more, --seed 0 to 4294967295."
        )
    listed = read_notes(song)
    gansynth = load_exactly(sound.model().path, device)
    notes = gansynth_clip.playable_notes(listed, gansynth.pitches)
    if not notes:
        raise SongError(f'"{song}" has no notes that GANSynth plays: MIDI 36 to 84.')
    if len(notes) < len(listed):
        left_out = len(listed) - len(notes)
        notice(f"{left_out} of {len(listed)} notes lie outside MIDI 36 to 84 and are left out.")
    times = gansynth_clip.instrument_times(notes[-1].end_seconds, step)
    if gansynth.config.prior == "gaussian":
        drawn = gansynth_clip.draw_gaussian(len(times), gansynth.latent_size, seed)
    else:  # between its named timbres, where its latents lie
        drawn = np.stack([gansynth.draw(seed + i) for i in range(len(times))]).astype(np.float64)
    starts = [note.start_seconds for note in notes]
    latents = torch.from_numpy(gansynth_clip.note_latents(starts, drawn, times)).float()

    def waves() -> Iterator[Any]:
        for note, z in zip(notes, latents, strict=True):
            yield gansynth.generate(z[None], torch.tensor([note.pitch]))[0].numpy()

    rate = gansynth.sample_rate
    with wave_file(out, rate, n_channels=1, encoding="FLOAT") as write:
        with progress(f"Rendering into {out.name}") as update:
            clip = gansynth_clip.combine(notes, waves(), rate, update)
        write(clip[:, None])
