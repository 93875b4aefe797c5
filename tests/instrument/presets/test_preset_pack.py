import io
import stat
import zipfile

import pytest

from instrument.presets import preset_pack
from instrument.presets.preset import MAXIMUM_BYTES, Preset, PresetError, encode_preset
from instrument.presets.preset_pack import decode_pack, encode_pack
from instrument.values.status import Corner

CORNERS = tuple(Corner(name=f"corner {i}", z=(0.25, -1.5)) for i in range(4))
TEXT = encode_preset(Preset(name="Bell", corners=CORNERS))


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as pack:
        for name, content in entries:
            pack.writestr(name, content)
    return packed.getvalue()


def test_a_pack_comes_back_the_same():
    presets = tuple(Preset(name=name, corners=CORNERS) for name in ("Bell", "a/b", "../up", "CON"))
    assert decode_pack(encode_pack(presets), "it") == presets


def test_presets_of_the_same_name_are_all_in_the_pack():
    presets = (Preset(name="Bell", corners=CORNERS), Preset(name="bell", corners=CORNERS))
    assert decode_pack(encode_pack(presets), "it") == presets


def test_the_same_presets_give_the_same_file():
    presets = [Preset(name="Bell", corners=CORNERS)]
    assert encode_pack(presets) == encode_pack(presets)


def test_what_systems_add_to_a_zip_is_passed_over():
    packed = zipped(
        ("mine/", b""),
        ("mine/Bell.json", TEXT),
        ("__MACOSX/mine/._Bell.json", b"\x00\x05"),
        ("mine/.hidden.json", b"{"),
        ("LICENCE.txt", b"CC0"),
    )
    assert [preset.name for preset in decode_pack(packed, "it")] == ["Bell"]


@pytest.mark.parametrize(
    "name", ["../Bell.json", "/Bell.json", "a/../../Bell.json", "..\\Bell.json", "C:\\Bell.json"]
)
def test_a_name_that_leads_out_of_the_pack_is_refused(name):
    with pytest.raises(PresetError, match="leads out"):
        decode_pack(zipped((name, TEXT)), "it")


def test_a_link_is_refused():
    info = zipfile.ZipInfo("Bell.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(PresetError, match="no plain file"):
        decode_pack(zipped((info, b"/etc/passwd")), "it")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice_is_refused():
    with pytest.raises(PresetError, match="same name twice"):
        decode_pack(zipped(("Bell.json", TEXT), ("Bell.json", TEXT)), "it")


def test_a_preset_that_grows_when_unpacked_is_read_no_further_than_a_preset_can_be():
    bomb = zipped(("Bell.json", b" " * (20 * MAXIMUM_BYTES)))
    assert len(bomb) < MAXIMUM_BYTES
    with pytest.raises(PresetError, match="too large to be a preset"):
        decode_pack(bomb, "it")


def test_many_presets_that_grow_together_are_refused(monkeypatch):
    monkeypatch.setattr(preset_pack, "MAXIMUM_PACK_BYTES", 3 * len(TEXT))
    with pytest.raises(PresetError, match="too large"):
        decode_pack(zipped(*((f"{i}.json", TEXT) for i in range(4))), "it")


def test_too_many_presets_are_refused(monkeypatch):
    monkeypatch.setattr(preset_pack, "MAXIMUM_PRESETS", 3)
    packed = zipped(*((f"{i}.json", TEXT) for i in range(4)))
    with pytest.raises(PresetError, match="4 presets; at most 3"):
        decode_pack(packed, "it")
    with pytest.raises(PresetError, match="not 4"):
        encode_pack([Preset(name=str(i), corners=CORNERS) for i in range(4)])


def test_a_pack_without_presets_is_refused():
    with pytest.raises(PresetError, match="holds no presets"):
        decode_pack(zipped(("song.mid", b"")), "it")


def test_one_damaged_preset_refuses_the_pack_and_is_named():
    with pytest.raises(PresetError, match=r'"Two.json" in it is not a Timbrepad preset'):
        decode_pack(zipped(("One.json", TEXT), ("Two.json", b"{")), "it")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_not_every_system_has_is_refused(method):
    with pytest.raises(PresetError, match="not every system"):
        decode_pack(zipped(("Bell.json", TEXT), method=method), "it")


@pytest.mark.parametrize("packed", [b"", b"PK", b"hello", zipped(("Bell.json", TEXT))[:-30]])
def test_what_is_no_zip_is_refused_in_one_line(packed):
    with pytest.raises(PresetError, match="no zip file") as error:
        decode_pack(packed, "it")
    assert "\n" not in str(error.value)


def test_a_password_is_said():
    packed = bytearray(zipped(("Bell.json", TEXT)))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + offset] |= 1
    with pytest.raises(PresetError, match="password"):
        decode_pack(bytes(packed), "it")
