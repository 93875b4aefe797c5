"""What exported files say, read again by others: sfzlint, libsndfile, an XML reader."""

import json
import math
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.export import soundfont as sf
from instrument.export.decent_sampler import decent_sampler_text
from instrument.export.exporting import ExportOptions
from instrument.export.sampled import Envelope, Region, Sample, Wheel, controller_steps
from instrument.export.sfz import sfz_text
from instrument.export.wave_sample import sampler_chunk, with_chunk, write_sample
from tests.instrument.sampled import SAMPLE_RATE, SteadyNotes, export_toy, preset_of, sound_of

FORMATS = ("sfz", "decentsampler")
LINT = "from sfzlint.cli import sfzlint; sfzlint()"


def opcodes_of(line: str) -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(.*?)(?=\s+\w+=|$)", line))


def regions_of(text: str) -> list[dict[str, str]]:
    """Read SFZ: each region with what it inherits from its group and from all."""
    inherited: dict[str, dict[str, str]] = {"control": {}, "global": {}, "group": {}}
    regions, header = [], ""
    for line in text.splitlines():
        if not line or line.startswith("//"):
            continue
        if line.startswith("<"):
            header = line[1 : line.index(">")]
            if header in inherited:
                inherited[header] = {}
        if header == "region":
            regions.append(inherited["global"] | inherited["group"] | opcodes_of(line))
        else:
            inherited[header] |= opcodes_of(line)
    return regions


def share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def sfz_power(region: dict[str, str], x: int, y: int) -> float:
    """Give the power that a region's cross-fades leave it, by the format's rules."""
    power = 1.0
    for controller, value in ((16, x), (17, y)):
        edges = {
            name: int(region.get(f"{name}cc{controller}", -1))
            for name in ("xfin_lo", "xfin_hi", "xfout_lo", "xfout_hi")
        }
        if edges["xfin_hi"] >= 0:
            power *= share(value, edges["xfin_lo"], edges["xfin_hi"])
        if edges["xfout_hi"] >= 0:
            power *= 1 - share(value, edges["xfout_lo"], edges["xfout_hi"])
    return power


def lint(file: Path) -> str:
    """Give what sfzlint says of a file: a line for each thing."""
    words = [sys.executable, "-W", "ignore", "-c", LINT, "--no-pickle", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert not done.stderr, done.stderr
    return done.stdout


def test_a_linter_finds_what_is_wrong_in_an_sfz(tmp_path: Path) -> None:
    file = tmp_path / "wrong.sfz"
    file.write_text("<region> sample=absent.wav loop_mode=ever cutof=3\n")
    said = lint(file)
    assert all(word in said for word in ("absent.wav", "loop_mode", "cutof"))


@pytest.mark.parametrize(
    ("grid", "parameters"),
    [(1, {}), (2, {"cutoff": 900.0, "resonance": 0.5, "velocity_cutoff": 0.3, "unison": 2.0})],
)
def test_a_linter_finds_nothing_wrong_in_an_exported_sfz(
    grid: int, parameters: dict[str, float], tmp_path: Path
) -> None:
    preset, options = preset_of(**parameters), ExportOptions()
    done = export_toy(tmp_path / "out", options, preset=preset, grid=grid, pitches=range(60, 62))
    assert lint(done.file) == ""


@settings(deadline=None)
@given(x=st.integers(0, 127), y=st.integers(0, 127), grid=st.integers(2, 9))
def test_the_places_of_an_sfz_keep_their_common_power_wherever_the_controllers_stand(
    x: int, y: int, grid: int
) -> None:
    regions = regions_of(sfz_text(sound_of(grid), "samples/", ".wav"))
    assert len(regions) == grid**2
    assert sum(sfz_power(region, x, y) for region in regions) == pytest.approx(1.0)


@pytest.mark.parametrize("grid", [2, 3, 5])
def test_a_place_of_an_sfz_is_heard_alone_where_its_controllers_stand(grid: int) -> None:
    regions = regions_of(sfz_text(sound_of(grid), "samples/", ".wav"))
    steps = controller_steps(grid)
    for number, region in enumerate(regions):
        place = steps[number % grid], steps[number // grid]
        assert sfz_power(region, *place) == 1.0


@settings(deadline=None)
@given(x=st.floats(0, 1), y=st.floats(0, 1), grid=st.integers(2, 9))
def test_the_places_of_a_decent_sampler_preset_keep_their_common_power(
    x: float, y: float, grid: int
) -> None:
    root = ET.fromstring(decent_sampler_text(sound_of(grid), "samples/", ".wav"))
    by_group, by_tag = {}, {}
    for binding in root.iterfind(".//labeled-knob/binding"):
        pairs = [point.split(",") for point in binding.attrib["translationTable"].split(";")]
        points = np.array(pairs, float)
        if binding.attrib["level"] == "group":
            by_group[int(binding.attrib["position"])] = np.interp(x, *points.T)
        else:
            by_tag[binding.attrib["identifier"]] = np.interp(y, *points.T)
    groups = root.findall("./groups/group")
    assert len(groups) == len(by_group) == grid**2
    levels = [by_group[i] * by_tag[g.attrib["tags"]] for i, g in enumerate(groups)]
    assert sum(level**2 for level in levels) == pytest.approx(1.0, rel=0.03)


def test_the_controllers_of_a_decent_sampler_preset_turn_its_knobs() -> None:
    root = ET.fromstring(decent_sampler_text(sound_of(2, pad_x=0.25), "", ".wav"))
    knobs = root.findall(".//labeled-knob")
    assert [knob.attrib["label"] for knob in knobs] == ["Pad X", "Pad Y"]
    assert float(knobs[0].attrib["value"]) == 0.25
    turned = {cc.attrib["number"]: cc[0].attrib["position"] for cc in root.iterfind("./midi/cc")}
    assert turned == {"16": "0", "17": "1"}


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("encoding", ["wav", "flac"])
def test_every_key_has_a_sample_that_is_there_and_loops_within_it(
    format_name: str, encoding: str, tmp_path: Path
) -> None:
    options = ExportOptions(format=format_name, encoding=encoding)  # type: ignore[arg-type]
    done = export_toy(tmp_path / "out", options, every=3)
    text = done.file.read_text("utf-8")
    if format_name == "sfz":
        rows = [
            (int(r["lokey"]), r["sample"], int(r["loop_start"]), int(r["loop_end"]))
            for r in regions_of(text)
        ]
    else:
        rows = [
            (int(s["loNote"]), s["path"], int(s["loopStart"]), int(s["loopEnd"]))
            for s in (element.attrib for element in ET.fromstring(text).iter("sample"))
        ]
    assert [row[0] for row in rows] == list(range(58, 64))
    assert len({row[1] for row in rows}) == done.n_samples == 2
    for _, sample, start, end in rows:
        info = soundfile.info(done.file.parent / sample)
        assert (info.channels, info.subtype, info.samplerate) == (1, "PCM_24", SAMPLE_RATE)
        assert 0 < start < end < info.frames


def test_keys_without_a_sample_of_their_own_are_tuned_from_the_nearest(tmp_path: Path) -> None:
    preset = preset_of(tune=12.0)
    done = export_toy(tmp_path / "out", ExportOptions(), preset=preset, every=3)
    for region in regions_of(done.file.read_text("utf-8")):
        recorded = int(re.findall(r"/(\d+)-", region["sample"])[0])
        semitones = int(region["pitch_keycenter"]) - recorded
        assert abs(semitones) <= 2
        assert (int(region["transpose"]), int(region["tune"])) == (semitones, 12)


def test_author_and_license_stand_in_the_instrument_and_in_each_sample(tmp_path: Path) -> None:
    options = ExportOptions(license="CC0 1.0")
    done = export_toy(tmp_path / "out", options)
    text = done.file.read_text("utf-8")
    assert "// Author: An author" in text
    assert "// License: CC0 1.0" in text
    with soundfile.SoundFile(next(done.file.parent.glob("samples/*.wav"))) as file:
        assert (file.artist, file.copyright) == ("An author", "CC0 1.0")
    mark = json.loads((done.file.parent / "timbrepad-export.json").read_text())
    assert (mark["author"], mark["license"]) == ("An author", "CC0 1.0")


def test_the_words_of_an_instrument_can_not_break_its_text() -> None:
    evil = 'a\n<region> sample=x // --> <b> & "quoted"'
    sound = sound_of(name=evil, author=evil, license=evil)
    assert len(regions_of(sfz_text(sound, "", ".wav"))) == 1
    assert len(ET.fromstring(decent_sampler_text(sound, "", ".wav")).findall(".//sample")) == 1


def test_levels_of_an_sfz_by_velocity_are_the_engines() -> None:
    levels = tuple((v / 127) ** 1.4 for v in range(128))
    (region,) = regions_of(sfz_text(sound_of(levels=levels), "", ".wav"))
    points = {int(k.split("_")[2]): float(v) for k, v in region.items() if "velcurve" in k}
    between = np.interp(range(1, 128), list(points), list(points.values()))
    off_db = 20 * np.log10(between / np.array(levels[1:]))
    assert np.abs(off_db).max() < 0.5


def test_a_filter_a_wheel_and_velocity_layers_are_told(tmp_path: Path) -> None:
    sample = Sample("a", 60, 1000)
    regions = (
        Region(60, sample, cutoff_hz=4000.0, velocities=(1, 63)),
        Region(60, sample, cutoff_hz=4000.0, velocities=(64, 127), pan=-0.5),
    )
    sound = sound_of(
        regions=regions,
        velocity_octaves=2.0,
        resonance_db=6.0,
        wheel=Wheel(cutoff_cents=1200.0),
        envelope=Envelope(sustain=0.5),
    )
    soft, hard = regions_of(sfz_text(sound, "", ".wav"))
    assert (soft["hivel"], hard["lovel"]) == ("63", "64")
    assert float(soft["cutoff"]) * 2 ** (int(soft["fil_veltrack"]) / 1200) == 4000.0
    assert (soft["cutoff_cc1"], soft["ampeg_sustain"]) == ("1200", "50")
    assert float(soft["resonance"]) == pytest.approx(6 - 3.01, abs=0.01)  # at the cutoff
    assert (hard["pan"], hard["loop_mode"]) == ("-50", "no_loop")
    samples = list(ET.fromstring(decent_sampler_text(sound, "", ".wav")).iter("sample"))
    assert [s.attrib["hiVel"] for s in samples] == ["63", "127"]


def chunks_of(riff: bytes) -> dict[str, bytes]:
    """Read a RIFF file's chunks; that their lengths add up is checked on the way."""
    kind, size, form = struct.unpack_from("<4sI4s", riff)
    assert (kind, form, size) == (b"RIFF", b"WAVE", len(riff) - 8)
    chunks, place = {}, 12
    while place < len(riff):
        name, size = struct.unpack_from("<4sI", riff, place)
        chunks[name.decode()] = riff[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    assert place == len(riff)
    return chunks


@settings(deadline=None)
@given(
    n_frames=st.integers(1, 500),
    pitch=st.integers(0, 127),
    loop=st.none() | st.tuples(st.integers(0, 200), st.integers(201, 500)),
    title=st.text(max_size=20),
)
def test_a_wav_has_whole_chunks_its_samples_and_its_loop(
    tmp_path_factory: pytest.TempPathFactory,
    n_frames: int,
    pitch: int,
    loop: tuple[int, int] | None,
    title: str,
) -> None:
    path = tmp_path_factory.getbasetemp() / "sample.wav"
    wave = np.linspace(-1, 1, n_frames, dtype=np.float32)
    sample = Sample("s", pitch, n_frames, loop)
    tags = {"title": title.replace("\0", "")}
    write_sample(path, wave, sample, SAMPLE_RATE, "wav", tags)
    chunk = struct.unpack_from("<9I", chunks_of(path.read_bytes())["smpl"])
    assert (chunk[2], chunk[3], chunk[7]) == (
        round(1e9 / SAMPLE_RATE),
        pitch,
        int(loop is not None),
    )
    if loop is not None:
        start, end = struct.unpack_from("<2I", sampler_chunk(sample, SAMPLE_RATE), 44)
        assert (start, end + 1) == loop
    np.testing.assert_allclose(soundfile.read(path, dtype="float32")[0], wave, atol=2**-22)


@settings(deadline=None)
@given(content=st.binary(max_size=40), body=st.binary(max_size=9))
def test_an_appended_chunk_begins_at_an_even_byte(content: bytes, body: bytes) -> None:
    first = b"data" + struct.pack("<I", len(body)) + body
    riff = b"RIFF" + struct.pack("<I", 4 + len(first)) + b"WAVE" + first
    assert chunks_of(with_chunk(riff, b"smpl", content)) == {"data": body, "smpl": content}


def test_a_soundfont_of_24_bits_holds_them_in_two_chunks(tmp_path: Path) -> None:
    wave = np.array([0.0, 0.25, -1.0, 1.0, 1 / sf.FULL_SCALE_24])
    sample = sf.FontSample("s", wave, SAMPLE_RATE, 60)
    preset = sf.FontPreset("p", [sf.Zone({sf.SAMPLE_ID: 0})])
    sf.write_font(tmp_path / "a.sf2", sf.Font("f", [preset], [sample], bits=24))
    content = (tmp_path / "a.sf2").read_bytes()
    assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8
    place, below = content.index(b"smpl"), content.index(b"sm24")
    upper = np.frombuffer(content[place + 8 : place + 8 + 10], "<i2").astype(int)
    lower = np.frombuffer(content[below + 8 : below + 8 + 5], np.uint8)
    np.testing.assert_array_equal(upper * 256 + lower, np.rint(wave * sf.FULL_SCALE_24))


def test_a_decaying_note_is_written_out_until_it_is_silent(tmp_path: Path) -> None:
    notes = SteadyNotes(loop_gain=0.25)
    done = export_toy(tmp_path / "out", ExportOptions(), notes=notes, pitches=range(60, 61))
    (region,) = regions_of(done.file.read_text("utf-8"))
    assert region["loop_mode"] == "no_loop"
    wave, _ = soundfile.read(done.file.parent / region["sample"])
    levels = [np.abs(wave[i : i + 4800]).max() for i in range(0, len(wave), 4800)]
    assert all(np.diff(levels) < 0)
    assert 20 * math.log10(levels[-1] / levels[0]) < -55


def test_a_note_above_full_scale_is_kept_whole_and_played_louder(tmp_path: Path) -> None:
    notes = SteadyNotes(level=4.0)
    done = export_toy(tmp_path / "out", ExportOptions(), notes=notes, pitches=range(60, 61))
    (region,) = regions_of(done.file.read_text("utf-8"))
    wave, _ = soundfile.read(done.file.parent / region["sample"])
    assert np.abs(wave).max() == pytest.approx(1.0, abs=1e-6)
    assert float(region["volume"]) > -6.0
