"""Presets, packs and settings that others wrote, cut short or spoilt: never a crash or a loss."""

import contextlib
import io
import json
import os
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instrument.presets.library import PresetLibrary
from instrument.presets.preset import (
    Preset,
    PresetError,
    decode_pasted,
    decode_preset,
    encode_preset,
)
from instrument.presets.preset_pack import decode_pack, encode_pack
from instrument.presets.preset_shelf import PresetShelf
from instrument.storage import files
from instrument.storage.start_guard import StartGuard
from instrument.values.midi_map import MidiMap, MidiMapError, decode_midi_map, encode_midi_map
from instrument.values.status import Corner

CORNERS = tuple(Corner(name=f"corner {i}", z=(0.25, -1.5)) for i in range(4))
GLASS = Preset(name="Glass", corners=CORNERS, tags=("bell",), author="Ada")
TEXT = encode_preset(GLASS)
TABLE = json.loads(TEXT)
PACK = encode_pack([GLASS, Preset(name="Ice", corners=CORNERS)])
MANY = settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["cutoff", "draft", 2**63, -1, 1e308, "\x00"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths_of(value, path=()):
    """Give the way to every value in a table."""
    if isinstance(value, dict):
        yield from ((*path, key) for key in value)
        for key in value:
            yield from paths_of(value[key], (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from paths_of(item, (*path, place))


@st.composite
def spoilt_tables(draw):
    """Put anything in the place of one or two values of a good preset."""
    table = json.loads(TEXT)
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(paths_of(TABLE))))
        part = table
        try:
            for key in path[:-1]:
                part = part[key]
            part[path[-1]] = draw(values)
        except (TypeError, KeyError, IndexError):  # what led there was replaced before
            continue
    return json.dumps(table).encode(errors="replace")


@st.composite
def spoilt_bytes(draw, whole):
    """Cut a good file short, or change some of its bytes."""
    spoilt = bytearray(whole[: draw(st.integers(0, len(whole)))] if draw(st.booleans()) else whole)
    for _ in range(draw(st.integers(0, 4)) if spoilt else 0):
        spoilt[draw(st.integers(0, len(spoilt) - 1))] = draw(st.integers(0, 255))
    return bytes(spoilt)


def read_or_refuse(read, error, *arguments):
    """Give what is read, and "" or the one line in which it is refused."""
    try:
        return read(*arguments), ""
    except error as refusal:
        return None, str(refusal)


def is_one_line(value, refusal):
    return value is not None or (refusal and "\n" not in refusal)


@MANY
@given(spoilt_tables() | spoilt_bytes(TEXT) | values.map(lambda v: json.dumps(v).encode("utf8")))
def test_a_preset_is_read_or_refused_and_what_is_read_can_be_written(text):
    preset, refusal = read_or_refuse(decode_preset, PresetError, text, "it")
    assert is_one_line(preset, refusal)
    if preset is not None:
        assert decode_preset(encode_preset(preset), "it") == preset


@MANY
@given(st.text(max_size=40) | spoilt_bytes(TEXT).map(lambda text: text.decode(errors="replace")))
def test_what_is_pasted_is_read_or_refused(text):
    assert is_one_line(*read_or_refuse(decode_pasted, PresetError, text))


@MANY
@given(spoilt_bytes(PACK) | st.binary(max_size=60))
def test_a_pack_is_read_whole_or_refused(packed):
    assert is_one_line(*read_or_refuse(decode_pack, PresetError, packed, "it"))


@settings(MANY, max_examples=250)
@given(st.lists(st.tuples(st.text(max_size=12), spoilt_tables() | st.just(TEXT)), max_size=4))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_of_any_names_is_read_whole_or_refused(entries):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as pack:
        for name, text in entries:
            pack.writestr(f"-{name.encode(errors='replace').decode()}.json", text)
    nameless = packed.getvalue().replace(b"-", b"\0")  # a name ends at its first zero
    assert is_one_line(*read_or_refuse(decode_pack, PresetError, nameless, "it"))
    presets, refusal = read_or_refuse(decode_pack, PresetError, packed.getvalue(), "it")
    assert is_one_line(presets, refusal)
    assert presets is None or len(presets) <= len(entries)


@MANY
@given(spoilt_bytes(encode_midi_map(MidiMap())) | values.map(lambda v: json.dumps(v).encode()))
def test_a_map_of_controllers_is_read_or_refused(text):
    assert is_one_line(*read_or_refuse(decode_midi_map, MidiMapError, text, "it"))


@settings(MANY, max_examples=200)
@given(content=values.map(lambda v: json.dumps(v).encode()) | st.binary(max_size=40))
def test_settings_of_any_content_hinder_no_start(tmp_path, content):
    for name in (".shelf.json", "starting.json"):
        (tmp_path / name).write_bytes(content)
    assert isinstance(PresetShelf(tmp_path).favourites, tuple)
    StartGuard(tmp_path / "starting.json", tmp_path).set_aside()


@settings(MANY, max_examples=200)
@given(content=spoilt_tables() | spoilt_bytes(TEXT))
def test_a_spoilt_file_takes_no_other_preset_from_the_list(tmp_path, content):
    library = PresetLibrary(tmp_path / "own", tmp_path / "none")
    if not (tmp_path / "own").exists():
        library.save(GLASS)
    (tmp_path / "own" / "Spoilt.json").write_bytes(content)
    assert library.load("Glass") == GLASS
    assert len(library.list()) == 2


def writes(monkeypatch, n):
    """Let `n` system calls of saving pass, and end the process at the next, as a plug pulled."""
    left = [n]

    def counted(call):
        def count(*arguments, **words):
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return call(*arguments, **words)

        return count

    monkeypatch.setattr(files.os, "fsync", counted(os.fsync))
    monkeypatch.setattr(files.Path, "replace", counted(files.Path.replace))
    monkeypatch.setattr(files.Path, "open", counted(files.Path.open))
    return left


@pytest.mark.parametrize("n", range(8))
def test_whenever_saving_ends_the_old_or_the_new_preset_is_there_whole(tmp_path, monkeypatch, n):
    library = PresetLibrary(tmp_path, tmp_path / "none")
    library.save(GLASS)
    newer = Preset(name="Glass", corners=CORNERS, pad_x=0.25)
    with monkeypatch.context() as patch:
        left = writes(patch, n)
        try:
            library.save(newer)
        except KeyboardInterrupt:
            assert left[0] < 0
    found = PresetLibrary(tmp_path, tmp_path / "none").load("Glass")
    assert found in (GLASS, newer)


@pytest.mark.parametrize("n", range(1, 9))
def test_wherever_importing_a_pack_fails_all_of_it_is_there_or_nothing(tmp_path, monkeypatch, n):
    (tmp_path / "pack.zip").write_bytes(PACK)
    library = PresetLibrary(tmp_path / "own", tmp_path / "none")
    with monkeypatch.context() as patch:
        writes(patch, n)
        with contextlib.suppress(KeyboardInterrupt):
            library.import_pack(tmp_path / "pack.zip")
    names = [entry.name for entry in PresetLibrary(tmp_path / "own", tmp_path / "none").list()]
    assert names in ([], ["Glass", "Ice"])
