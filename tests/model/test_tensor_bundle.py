"""Reading TensorFlow's checkpoints: its own bytes, all layouts, and whatever is wrong with them."""

import shutil
import struct
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.checkpoint import ModelError
from model.crc32c import masked_crc32c
from model.tensor_bundle import TensorBundle
from tests.model.checkpoints import AVERAGED, made_weights, message, table, varint, write_bundle

ORIGINAL = Path(__file__).parents[1] / "data" / "golden" / "ckpt_reduced" / "stage_00012"
PREFIX = "model.ckpt-11000000"
TENSORS = {
    "a/kernel": np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4),
    "a/bias": np.array([1.5, -2.5], np.float32),
    "a/empty": np.zeros((0, 3), np.float32),
    "step": np.array(11_000_000, np.int64),
    "wide": np.array([1e300, 0.1], np.float64),
    "narrow": np.array([[1.0, 2.0]], np.float16),
    "whole": np.array([-1, 2**31 - 1], np.int32),
}


@pytest.fixture
def prefix(tmp_path):
    prefix = tmp_path / "model.ckpt-1"
    write_bundle(prefix, TENSORS)
    return prefix


def index_of(prefix):
    return prefix.with_name(prefix.name + ".index")


def data_of(prefix):
    return prefix.with_name(prefix.name + ".data-00000-of-00001")


def read_all(prefix):
    bundle = TensorBundle(prefix)
    return {name: bundle.read(name) for name in bundle.names()}


def assert_equal(read, expected):
    assert set(read) == set(expected)
    for name, array in expected.items():
        assert read[name].shape == array.shape
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


# What TensorFlow itself wrote


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """TensorFlow's own table, beside data that is rebuilt where the table says.

    The checksums in the table are TensorFlow's: only bytes that it would have written fit them.
    """
    folder = tmp_path_factory.mktemp("original")
    shutil.copy(ORIGINAL / f"{PREFIX}.index", folder)
    bundle = TensorBundle(folder / PREFIX)
    with (folder / f"{PREFIX}.data-00000-of-00001").open("wb") as file:
        for name, entry in bundle._entries.items():
            if name.startswith("Generator/"):
                file.seek(entry.offset)
                file.write(made_weights(name, entry.shape).tobytes())
            elif name == "global_step":
                file.seek(entry.offset)
                file.write(struct.pack("<q", 11_000_000))
    return bundle


def test_tensorflows_own_table_is_read(original):
    assert len(original.names()) == 312
    head = "Generator/progressive_gan_generator/progressive_gan_block_7/to_rgb/conv2d/kernel"
    assert original.shape(head + AVERAGED) == (1, 1, 4, 2)
    assert original.shape("global_step") == ()
    assert list(original.names()) == sorted(original.names())


def test_the_checksums_that_tensorflow_wrote_fit_every_weight(original):
    names = [name for name in original.names() if name.startswith("Generator/")]
    assert len(names) == 84
    for name in names:
        expected = made_weights(name, original.shape(name))
        np.testing.assert_array_equal(original.read(name), expected)
    assert original.read("global_step") == 11_000_000


def test_other_bytes_do_not_fit_tensorflows_checksums(original):
    name = "Discriminator/progressive_gan_discriminator/progressive_gan_block_1/conv0/bias"
    with pytest.raises(ModelError, match=r"checksum|cut off"):
        original.read(name)


# All layouts


@pytest.mark.parametrize("n_shards", [1, 2, 5])
@pytest.mark.parametrize("block_bytes", [1, 60, 1 << 18])
def test_any_number_of_blocks_and_data_files_is_read(tmp_path, n_shards, block_bytes):
    prefix = tmp_path / "model.ckpt-1"
    write_bundle(prefix, TENSORS, n_shards, block_bytes)
    assert_equal(read_all(prefix), TENSORS)


def test_names_that_share_beginnings_over_many_restarts_are_read(tmp_path):
    tensors = {f"scope/block_{i:03d}/x": np.float32(i) for i in range(300)}
    write_bundle(tmp_path / "x", tensors, block_bytes=700)
    assert {name: float(a) for name, a in read_all(tmp_path / "x").items()} == tensors


def test_bfloat16_comes_as_float32(tmp_path):
    half = np.array([0x3F80, 0xC000], np.uint16)  # 1 and -2
    write_bundle(tmp_path / "x", {"x": half.view(np.float16)}, entry_changes={"x": {1: 14}})
    np.testing.assert_array_equal(TensorBundle(tmp_path / "x").read("x"), np.float32([1, -2]))


def test_a_tensor_that_nobody_asks_for_may_be_damaged(prefix):
    data = bytearray(data_of(prefix).read_bytes())
    data[0] ^= 1  # of the first name in order, a/bias
    data_of(prefix).write_bytes(data)
    bundle = TensorBundle(prefix)
    np.testing.assert_array_equal(bundle.read("a/kernel"), TENSORS["a/kernel"])
    with pytest.raises(ModelError, match="a/bias is damaged"):
        bundle.read("a/bias")


# What is wrong is said


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({5: 10**12}, "1000000000000 bytes where its shape needs 8"),
        ({4: 10**15}, "cut off"),
        ({4: 2**64 - 8}, "cut off"),
        ({2: message([(2, message({1: 2**40}))]), 5: 2**42}, "larger than any"),
        ({2: message([(2, message({1: 2**63}))] * 8)}, "bytes where its shape needs"),
        ({1: 7}, "type 7"),
        ({1: 0}, "type 0"),
        ({7: b""}, "slices"),
        ({3: 1}, "data file 1 of 1"),
        ({2: message([(2, b"")] * 17)}, "17 axes"),
        ({2: b"\x12\x7f"}, "ends early"),
        ({2: b"\x13"}, "can't be understood"),
    ],
)
def test_entries_that_lie_are_refused_before_memory_is_asked_for(tmp_path, changes, says):
    prefix = tmp_path / "x"
    write_bundle(prefix, TENSORS, entry_changes={"a/bias": changes})
    tracemalloc.start()
    with pytest.raises(ModelError, match=says) as error:
        TensorBundle(prefix).read("a/bias")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
    assert "\n" not in str(error.value)


def one_block(content: bytes, kind: int = 0) -> bytes:
    """A table whose only block has this content, with checksums that fit."""

    def closed(content, kind):
        tail = bytes([kind])
        return content + tail + struct.pack("<I", masked_crc32c(content + tail))

    data = closed(content, kind)
    handle = varint(0) + varint(len(content))
    index = b"\0\1" + varint(len(handle)) + b"z" + handle + struct.pack("<2I", 0, 1)
    footer = varint(0) + varint(0) + varint(len(data)) + varint(len(index))
    magic = struct.pack("<Q", 0xDB4775248B80FB57)
    return data + closed(index, 0) + footer.ljust(40, b"\0") + magic


HEADER = (b"", message({1: 1}))
RESTARTS = struct.pack("<2I", 0, 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "does not end as"),
        (b"\0" * 100, "does not end as"),
        (b"\0" * 40 + struct.pack("<Q", 0xDB4775248B80FB57), "outside the file"),
        (b"\xff" * 40 + struct.pack("<Q", 0xDB4775248B80FB57), "too long"),
        (table([]), "no header"),
        (table([(b"a", b"")]), "no header|data file"),
        (table([(b"", message({1: 0}))]), "wants 0 data files"),
        (table([(b"", message({1: 10**9}))]), "wants 1000000000"),
        (table([(b"", message({1: 1, 2: 1}))]), "big-endian"),
        (table([HEADER, (b"b", b""), (b"a", b"")]), "not in order"),
        (table([HEADER, (b"a", b""), (b"a", b"")]), "not in order"),
        (table([HEADER, (b"a" * 2000, b"")]), "too long"),
        (one_block(b"\0\0\2\x08\x01" + RESTARTS, kind=1), "compressed"),
        (one_block(b"\5\0\0" + RESTARTS), "runs out of its block"),
        (one_block(b"\0\0\x7f" + RESTARTS), "runs out of its block"),
        (one_block(struct.pack("<I", 2**32 - 1)), "no room"),
    ],
)
def test_tables_that_are_none_are_refused_in_one_line(tmp_path, content, says):
    (tmp_path / "x.index").write_bytes(content)
    with pytest.raises(ModelError, match=says) as error:
        TensorBundle(tmp_path / "x")
    assert "\n" not in str(error.value)
    assert "x.index" in str(error.value)


def test_a_table_whose_blocks_overlap_is_refused(tmp_path):
    whole = table([HEADER])
    size = whole.index(RESTARTS) + len(RESTARTS)
    handle = varint(0) + varint(size)
    index = b"".join(b"\0\1" + varint(len(handle)) + key + handle for key in (b"a", b"b"))
    index += struct.pack("<2I", 0, 1)
    data = whole[: size + 5]
    closed = index + b"\0" + struct.pack("<I", masked_crc32c(index + b"\0"))
    footer = (varint(0) * 2 + varint(len(data)) + varint(len(index))).ljust(40, b"\0")
    (tmp_path / "x.index").write_bytes(data + closed + footer + whole[-8:])
    with pytest.raises(ModelError, match="overlap"):
        TensorBundle(tmp_path / "x")


def test_a_table_beyond_all_measure_is_refused(tmp_path):
    with (tmp_path / "x.index").open("wb") as file:
        file.truncate(10**11)
    with pytest.raises(ModelError, match="too large"):
        TensorBundle(tmp_path / "x")


def test_missing_files_are_named(prefix):
    data_of(prefix).unlink()
    with pytest.raises(ModelError, match=r"data-00000-of-00001.* is missing"):
        TensorBundle(prefix).read("step")
    index_of(prefix).unlink()
    with pytest.raises(ModelError, match=r"\.index"):
        TensorBundle(prefix)


# Whatever happens to the bytes: the right numbers, or one line


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("intact") / "model.ckpt-1"
    write_bundle(prefix, TENSORS, block_bytes=80)
    return index_of(prefix).read_bytes(), data_of(prefix).read_bytes()


def assert_right_or_refused(folder, table_bytes, data):
    prefix = folder / "fuzzed"
    index_of(prefix).write_bytes(table_bytes)
    data_of(prefix).write_bytes(data)
    bundle, line = outcome(lambda: TensorBundle(prefix))
    assert "\n" not in line
    for name in bundle.names() if bundle else ():
        array, line = outcome(partial(bundle.read, name))
        assert "\n" not in line
        if array is not None:
            np.testing.assert_array_equal(array, TENSORS[name])


def outcome(read):
    """Give what was read, or None with the line that says why it was not."""
    try:
        return read(), ""
    except ModelError as error:
        return None, str(error)


@pytest.mark.parametrize("which", [0, 1])
def test_every_flipped_byte_is_found_or_harmless(intact, tmp_path, which):
    for place in range(len(intact[which])):
        files = [*intact]
        changed = bytearray(files[which])
        changed[place] ^= 0x41
        files[which] = bytes(changed)
        assert_right_or_refused(tmp_path, *files)


@pytest.mark.parametrize("which", [0, 1])
def test_every_cut_is_found_or_harmless(intact, tmp_path, which):
    for length in range(len(intact[which])):
        files = [*intact]
        files[which] = files[which][:length]
        assert_right_or_refused(tmp_path, *files)


@settings(max_examples=300, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 10**6), st.binary(max_size=12)), min_size=1, max_size=4
    ),
    which=st.integers(0, 1),
)
def test_bytes_that_are_changed_at_will_are_found_or_harmless(
    intact, tmp_path_factory, edits, which
):
    files = [*intact]
    changed = bytearray(files[which])
    for place, new in edits:
        start = place % (len(changed) + 1)
        changed[start : start + len(new) // 2] = new
    files[which] = bytes(changed)
    assert_right_or_refused(tmp_path_factory.getbasetemp(), *files)


@settings(max_examples=300, deadline=None)
@given(entry=st.binary(max_size=60), header=st.binary(max_size=10))
def test_entries_of_any_bytes_under_right_checksums_give_one_line(tmp_path_factory, entry, header):
    prefix = tmp_path_factory.getbasetemp() / "entries"
    data_of(prefix).write_bytes(bytes(100))
    index_of(prefix).write_bytes(table([(b"", header), (b"x", entry)]))
    array, line = outcome(lambda: TensorBundle(prefix).read("x"))
    assert "\n" not in line
    assert array is None or array.nbytes <= 200
