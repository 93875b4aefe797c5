"""The command line as a shell sees it: exit status, one line on stderr, JSON on stdout."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
import typer

from model.config import ModelConfig, NetworkConfig, TimbreConfig
from model.gansynth import GANSynth
from model.warped import WarpedConfig
from tests.model.checkpoints import Checkpoint
from tests.signals import harmonic_note
from timbrepad import app

ROOT = Path(__file__).parents[1]


@pytest.fixture
def shell(tmp_path: Path) -> "Shell":
    return Shell(tmp_path / "data")


class Shell:
    """Runs `timbrepad` with a data folder of the test's own."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *words: object) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "TIMBREPAD_DATA_DIR": str(self.data)}
        environment |= {"JACK_NO_START_SERVER": "1", "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-m", "timbrepad", *map(str, words)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def json(self, *words: object) -> object:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    warped = WarpedConfig()
    config = ModelConfig(
        name="small",
        info="random weights",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=NetworkConfig(
            latent_size=8,
            channels=(8, 8, 8, 8, 4, 4, 4),
            first_head=4,
            output="skip",
            harmonic_maps=True,
            level=True,
        ),
        prior="timbres",
        timbres=tuple(TimbreConfig(name=f"timbre {i}", family="string") for i in range(4)),
        warped=warped,
    )
    folder = tmp_path_factory.mktemp("models") / "small"
    GANSynth.create(config, seed=1).save(folder)
    return folder


def commands() -> list[list[str]]:
    """List every command by its words."""
    found: list[list[str]] = []
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            found += [[name, below] for below in command.commands]
        else:
            found.append([name])
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_help_of_each_command_has_an_example_of_it(words: list[str], shell: Shell) -> None:
    done = shell.run(*words, "--help")
    assert done.returncode == 0
    assert f"Example: timbrepad {' '.join(words)}" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["no-such-command"], 2, "No such command"),
        (["--no-such-option"], 2, "No such option"),
        (["note", "--pitch", "60"], 2, "-o"),
        (["note", "-o", "a.wav", "--pitch", "128"], 2, "127"),
        (["note", "-o", "a.wav", "--pitch", "60", "--z", "none.npy"], 1, "none.npy"),
        (["note", "-o", "a.wav", "--pitch", "60", "--model", "none"], 1, "There is no model"),
        (["note", "-o", "a.wav", "--pitch", "60", "--preset", "none"], 1, "There is no preset"),
        (["render", "none.mid", "-o", "a.wav"], 1, "none.mid"),
        (["play", "--record", "a.wav"], 2, "--headless"),
        (["play", "--headless", "--record", "a.mp3"], 2, ".wav or .flac"),
        (["play", "--headless", "--record-midi", "a.wav"], 2, ".mid"),
        (["play", "--headless", "--timing", "late"], 2, "auto, even and quick"),
        (["note", "-o", "a.wav", "--pitch", "60", "--tuning", "none.scl"], 1, "none.scl"),
        (["play", "--headless", "--midi-map", "nobody's"], 1, "no MIDI map"),
        (["play", "--headless", "--keyboard-map", "none.kbm"], 1, "none.kbm"),
        (["note", "-o", "a.wav", "--pitch", "60", "--raw", "--tuning", "x.scl"], 2, "excludes"),
        (
            ["render", "a.mid", "-o", "a.wav", "--like-magenta", "--tuning", "x.scl"],
            2,
            "excludes",
        ),
        (["note", "-o", "a.wav", "--pitch", "60", "--device", "cuda:99"], 1, "There are: "),
        (["note", "-o", "a.wav", "--pitch", "60", "--device", "gpu"], 2, "auto, cpu, cuda"),
        (["play", "--headless", "--follow", "none"], 2, "no folder none to follow"),
        (["play", "--headless", "--device", "cuda:99"], 1, 'no device "cuda:99" here'),
        (["render", "a.mid", "-o", "a.wav", "--device", "cuda:99"], 1, 'no device "cuda:99"'),
        (["render", "a.mid", "-o", "a.flac", "--bits", "32"], 2, "holds no floats"),
        (["render", "a.mid", "-o", "a.wav", "--bits", "20"], 2, "16, 24 or 32, not 20"),
        (["render", "none.mid", "-o", "a.wav", "--pad", "none.txt"], 1, "none.mid"),
        (["render", "a.mid", "-o", "a.wav", "--like-magenta", "--stems", "s"], 2, "excludes"),
        (["export", "none", "out"], 1, "There is no preset"),
        (["export", "First light", "no/such/out"], 1, "There is no folder"),
        (["export", "First light", "out", "--format", "exs"], 2, "sfz, decentsampler or sf2"),
        (["export", "First light", "out", "--format", "sf2", "--grid", "2"], 2, "excludes"),
        (["export", "First light", "out", "--model", "none"], 1, "There is no model"),
        (["match", "none.wav"], 1, "none.wav can't be read"),
        (["match", "none.wav", "--pitch", "128"], 2, "127"),
        (["match", "none.wav", "--model", "none"], 1, "There is no model"),
        (["presets", "show", "none"], 1, "There is no preset"),
        (["presets", "import", "none.json"], 1, "none.json"),
        (["presets", "import", "none.zip"], 1, "none.zip"),
        (["models", "info", "none"], 1, "There is no model"),
        (["models", "import", "none"], 1, "none"),
        (["models", "import", "."], 1, "neither a model"),
        (["render", "none.mid", "-o", "a.wav", "--like-magenta"], 1, "none.mid"),
        (["render", "a.mid", "-o", "a.wav", "--like-magenta", "--preset", "p"], 2, "excludes"),
        (["render", "a.mid", "-o", "a.wav", "--like-magenta", "--seed", "-1"], 2, "--seed"),
        (
            ["render", "a.mid", "-o", "a.wav", "--like-magenta", "--instrument-seconds", "0"],
            2,
            "--instrument-seconds",
        ),
        (["models", "remove", "draft"], 1, "draft"),
        (["data", "soundfont", "none.sf2", "notes"], 1, "none.sf2"),
        (["data", "soundfont", "none.sf2", "notes", "--pitches", "a-b"], 2, "a-b"),
        (["train", "none", "--run", "run", "--width", "vast"], 2, "vast"),
        (["train", "none", "--run", "run", "--recipe", "pix2pix"], 2, "warm-start, timbrepad"),
        (["train", "none", "--run", "run", "--recipe", "gansynth", "--batch", "x"], 2, "--batch"),
        (["train", "none", "--run", "run", "--from", "nothing"], 1, "nothing"),
        (["train", "none", "--run", "run", "--representation", "mel"], 2, "M20hn, F"),
        (["train", "none", "--run", "run"], 1, "none"),
        (["bench", "codec", "none"], 1, "none"),
        (["bench", "codec", "none", "--representations", "M20hn,cubic"], 2, "not cubic"),
        (["data", "soundfont", "none.sf2", "notes", "--notes", "0"], 2, "--notes"),
        (["evaluate", "none", "notes"], 1, "There is no model"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_wrong_is_one_line_on_stderr(
    words: list[str],
    status: int,
    says: str,
    shell: Shell,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = shell.run(*words)
    assert done.returncode == status, done.stderr
    (line,) = done.stderr.splitlines()
    assert says in line
    assert done.stdout == ""
    assert not list(tmp_path.glob("*.wav"))


def test_presets_are_listed_shown_exported_and_imported(shell: Shell, tmp_path: Path) -> None:
    entries = shell.json("presets", "list")
    assert isinstance(entries, list)
    name = entries[0]["name"]
    assert json.loads(shell.run("presets", "show", name).stdout)["name"] == name
    file = tmp_path / "mine.json"
    assert shell.run("presets", "export", name, file).returncode == 0
    assert shell.run("presets", "import", file).returncode == 0
    again = shell.json("presets", "list")
    assert isinstance(again, list)
    assert len(again) == len(entries) + 1


def test_presets_are_packed_and_a_pack_is_imported_once(shell: Shell, tmp_path: Path) -> None:
    entries = shell.json("presets", "list")
    assert isinstance(entries, list)
    names = [entry["name"] for entry in entries[:2]]
    pack = tmp_path / "two.zip"
    assert shell.run("presets", "pack", pack, *names).returncode == 0
    assert "were here already" in shell.run("presets", "import", pack).stdout
    refused = shell.run("presets", "pack", tmp_path / "mine.zip")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


def test_models_are_imported_described_and_removed(shell: Shell, small_model: Path) -> None:
    assert shell.run("models", "import", small_model).returncode == 0
    info = shell.json("models", "info", "small")
    assert isinstance(info, dict)
    assert info["config"]["info"] == "random weights"
    assert "small" in shell.run("models", "list").stdout
    assert shell.run("models", "remove", "small").returncode == 0
    assert "small" not in shell.run("models", "list").stdout


def test_a_damaged_model_is_not_imported(shell: Shell, small_model: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "config.json").write_bytes((small_model / "config.json").read_bytes())
    weights = (small_model / "weights.safetensors").read_bytes()
    (damaged / "weights.safetensors").write_bytes(weights[:-100])
    done = shell.run("models", "import", damaged)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GANSynth checkpoint as TensorFlow writes it, of the golden width."""
    root = tmp_path_factory.mktemp("checkpoints") / "golden"
    channels = (16, 16, 16, 16, 16, 8, 4)
    flags = {"audio_length": 64000}
    return Checkpoint(channels=channels, latent_size=16, flags=flags).write(root)


def test_a_gansynth_checkpoint_is_imported_and_its_raw_note_is_the_originals(
    shell: Shell, checkpoint: Path, tmp_path: Path
) -> None:
    imported = shell.json("models", "import", checkpoint, "--name", "Golden")
    assert isinstance(imported, dict)
    assert imported["origin"] == "golden/stage_00012/model.ckpt-11000000"
    with np.load(ROOT / "tests/data/golden/generator_reduced.npz", allow_pickle=False) as golden:
        np.save(tmp_path / "z.npy", golden["z"][0])
        pitch, expected = golden["pitches"][0], golden["waves_0"]
    out = tmp_path / "raw.wav"
    words = ["note", "--model", "golden", "--z", tmp_path / "z.npy", "--raw"]
    done = shell.run(*words, "--pitch", pitch, "-o", out)
    assert done.returncode == 0, done.stderr
    wave, sample_rate = soundfile.read(out, dtype="float32")
    assert sample_rate == 16000
    assert wave.shape == expected.shape
    off = np.sqrt(np.mean((wave - expected) ** 2) / np.mean(expected**2))
    assert off <= 1e-3


def test_what_is_to_remark_of_a_checkpoint_goes_to_stderr(shell: Shell, tmp_path: Path) -> None:
    root = Checkpoint(averaged=False).write(tmp_path / "raw one")
    done = shell.run("models", "import", root)
    assert done.returncode == 0
    assert "no averaged weights" in done.stderr
    assert done.stdout.startswith('Imported "raw one" into ')
    again = shell.run("models", "import", root)
    assert again.returncode == 1
    assert "--name" in again.stderr


def test_a_damaged_checkpoint_leaves_no_model(shell: Shell, tmp_path: Path) -> None:
    root = Checkpoint().write(tmp_path / "cut")
    (data,) = root.rglob("*.data-*")
    data.write_bytes(data.read_bytes()[:-2000])
    done = shell.run("models", "import", root)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cut off" in done.stderr
    assert not list(shell.data.rglob("*.safetensors"))


def test_an_imported_model_plays_without_named_timbres(
    shell: Shell, checkpoint: Path, tmp_path: Path
) -> None:
    assert shell.run("models", "import", checkpoint).returncode == 0
    done = shell.run("note", "-o", tmp_path / "a.wav", "--pitch", 60, "--model", "golden")
    assert done.returncode == 0, done.stderr
    wave, _ = soundfile.read(tmp_path / "a.wav")
    assert np.abs(wave).max() > 1e-3


def test_a_song_like_magenta_is_mono_and_peaks_at_half(
    shell: Shell, checkpoint: Path, tmp_path: Path
) -> None:
    assert shell.run("models", "import", checkpoint).returncode == 0
    song = mido.MidiFile()
    track = mido.MidiTrack()
    for note in (30, 60, 64):
        track.append(mido.Message("note_on", note=note, velocity=90, time=0))
        track.append(mido.Message("note_off", note=note, time=240))
    song.tracks.append(track)
    song.save(tmp_path / "song.mid")

    def render(seed: int) -> "np.ndarray":
        out = tmp_path / "clip.wav"
        words = ["render", tmp_path / "song.mid", "-o", out, "--like-magenta", "--model", "golden"]
        done = shell.run(*words, "--seed", seed)
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines() == [
            "1 of 3 notes lie outside MIDI 36 to 84 and are left out."
        ]
        assert soundfile.info(out).subtype == "FLOAT"
        wave, sample_rate = soundfile.read(out, dtype="float32")
        assert (sample_rate, wave.ndim) == (16000, 1)
        return wave

    first = render(3)
    assert first.max() == 0.5
    np.testing.assert_array_equal(render(3), first)
    assert np.abs(render(4) - first).max() > 0.01


def test_a_raw_note_is_the_networks_own_at_the_models_rate(
    shell: Shell, small_model: Path, tmp_path: Path
) -> None:
    gansynth = GANSynth.load(small_model)
    np.save(tmp_path / "z.npy", gansynth.latents[2].numpy())
    out = tmp_path / "raw.wav"
    words = ["note", "-o", out, "--pitch", "60", "--raw", "--z", tmp_path / "z.npy"]
    done = shell.run(*words, "--model", small_model)
    assert done.returncode == 0, done.stderr
    wave, sample_rate = soundfile.read(out, dtype="float32")
    pitch = 60 * gansynth.latents.new_ones(1).long()
    expected = gansynth.generate(gansynth.latents[2:3], pitch)[0].numpy()
    assert sample_rate == gansynth.sample_rate
    np.testing.assert_allclose(wave, expected, atol=1e-4 * np.abs(expected).max())


def test_a_note_sounds_as_long_as_its_key_is_down_and_falls_silent(
    shell: Shell, small_model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "note.wav"
    words = ["note", "-o", out, "--pitch", "60", "--seed", "3", "--seconds", "1.0"]
    done = shell.run(*words, "--model", small_model)
    assert done.returncode == 0, done.stderr
    wave, sample_rate = soundfile.read(out)
    assert sample_rate == 48000
    assert wave.shape[1] == 2
    assert np.abs(wave[4800:40000]).max() > 1e-3
    assert np.abs(wave[-4800:]).max() < 1e-4
    assert len(wave) < 6 * sample_rate


def test_the_same_song_gives_the_same_file_and_the_walk_another(
    shell: Shell, small_model: Path, tmp_path: Path
) -> None:
    song = mido.MidiFile()
    track = mido.MidiTrack()
    for note in (60, 64, 67):
        track.append(mido.Message("note_on", note=note, velocity=90, time=0))
        track.append(mido.Message("note_off", note=note, time=240))
    song.tracks.append(track)
    song.save(tmp_path / "song.mid")

    def render(name: str, *words: object) -> bytes:
        out = tmp_path / name
        done = shell.run("render", tmp_path / "song.mid", "-o", out, "--model", small_model, *words)
        assert done.returncode == 0, done.stderr
        return out.read_bytes()

    first = render("a.wav", "--seed", 1)
    assert render("b.wav", "--seed", 1) == first
    assert render("c.wav", "--seed", 1, "--instrument-seconds", 0.2) != first


def test_a_preset_is_exported_once_and_again_only_by_force(
    shell: Shell, small_model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ["export", "First light", out, "--model", small_model, "--every", 12]
    done = shell.run(*words)
    assert done.returncode == 0, done.stderr
    assert (out / "First light.sfz").is_file()
    assert "5 notes" in done.stdout
    again = shell.run(*words)
    assert again.returncode == 1
    (line,) = again.stderr.splitlines()
    assert "--force" in line
    assert shell.run(*words, "--force", "--format", "sf2").returncode == 0
    assert [path.suffix for path in out.iterdir() if path.stem == "First light"] == [".sf2"]


def test_a_recording_is_matched_by_a_preset_that_can_be_played(
    shell: Shell, small_model: Path, tmp_path: Path
) -> None:
    flute, preset, sounds = tmp_path / "flute.wav", tmp_path / "out.json", tmp_path / "sounds"
    soundfile.write(flute, harmonic_note(62, 0.8, 44100), 44100)
    words = ["--model", small_model, "-o", preset, "--sounds", sounds, "--steps", "--json"]
    done = shell.run("match", flute, *words, "--seconds", 2)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["pitch"] == 62
    assert found["off_db"] <= found["timbre_off_db"]
    steps = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [step["share"] for step in steps] == sorted(step["share"] for step in steps)
    assert steps[-1]["z"] == found["z"]
    for name in ("recording.wav", "match.wav"):
        assert soundfile.info(sounds / name).samplerate == 32000
    out = tmp_path / "note.wav"
    played = shell.run("note", "-o", out, "--pitch", 62, "--preset", preset, "--model", small_model)
    assert played.returncode == 0, played.stderr
    assert np.abs(soundfile.read(out)[0]).max() > 0.01


def test_a_song_is_rendered_in_parts_with_stems(
    shell: Shell, small_model: Path, tmp_path: Path
) -> None:
    song = mido.MidiFile()
    for channel in (0, 1, 9):
        track = mido.MidiTrack()
        track.append(mido.Message("note_on", note=60, velocity=90, time=0, channel=channel))
        track.append(mido.Message("note_off", note=60, time=240, channel=channel))
        song.tracks.append(track)
    song.save(tmp_path / "song.mid")
    (tmp_path / "pad.txt").write_text("0 0 0\n1 1 1\n")
    words = ["--channel", "2=Bowed choir", "--channel", "10=", "--stems", tmp_path / "stems"]
    out = tmp_path / "song.flac"
    done = shell.run(
        *("render", tmp_path / "song.mid", "-o", out, "--model", small_model, *words),
        *("--pad", tmp_path / "pad.txt", "--normalise", -1, "--bits", 16),
    )
    assert done.returncode == 0, done.stderr
    assert "times as fast" in done.stderr
    names = sorted(path.name for path in (tmp_path / "stems").glob("*.flac"))
    assert names == ["01 First light.flac", "02 Bowed choir.flac"]
    wave, _ = soundfile.read(out)
    assert np.abs(wave).max() == pytest.approx(10 ** (-1 / 20), abs=1e-3)


def test_a_damaged_song_leaves_the_former_file_as_it_was(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    out.write_bytes(b"former")
    (tmp_path / "song.mid").write_bytes(b"MThd\x00\x00\x00\x06\x00\x01")
    done = shell.run("render", tmp_path / "song.mid", "-o", out)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert out.read_bytes() == b"former"


def test_devices_and_doctor_answer_in_json(shell: Shell) -> None:
    listed = shell.json("devices")
    assert set(listed) == {"outputs", "midi", "renderers"}  # type: ignore[call-overload]
    chosen = [one for one in listed["renderers"] if one["is_chosen"]]  # type: ignore[index]
    assert len(chosen) == 1
    assert chosen[0]["reason"]
    findings = shell.json("doctor")
    assert isinstance(findings, list)
    subjects = {finding["subject"] for finding in findings}
    assert {"Python", "packages", "models", "presets", "engine", "sound", "MIDI"} <= subjects
    assert all(finding["text"] for finding in findings)
