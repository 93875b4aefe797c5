import gc
import shutil
from collections import namedtuple
from multiprocessing.shared_memory import SharedMemory

import msgspec
import numpy as np
import pytest

from instrument.engine import pool as pool_module
from instrument.engine.pool import SILENT_SLOT, NoteInfo, NotePool, PoolError


@pytest.fixture
def small():
    pool = NotePool(3, 100)
    yield pool
    pool.close()


def test_a_new_pool_is_silent(small):
    assert small.samples.shape == (3, 100)
    assert small.samples.dtype == np.float32
    assert not small.samples.any()


def test_what_one_maps_and_writes_the_other_reads(small):
    other = NotePool.attach(small.name, 3, 100)
    wave = np.arange(50, dtype=np.float32)
    other.write(2, wave)
    np.testing.assert_array_equal(small.samples[2, :50], wave)
    assert not small.samples[1].any()
    other.close()


def test_closing_a_mapping_leaves_the_pool_to_its_maker(small):
    NotePool.attach(small.name, 3, 100).close()
    NotePool.attach(small.name, 3, 100).close()


def test_the_maker_gives_the_memory_back():
    pool = NotePool(2, 10)
    name = pool.name
    pool.close()
    with pytest.raises(FileNotFoundError):
        SharedMemory(name)


def test_closing_twice_does_nothing(small):
    small.close()
    small.close()


def test_an_array_outlives_the_pool_that_it_points_into():
    pool = NotePool(2, 10)
    samples = pool.samples
    pool.close()
    del pool
    gc.collect()
    samples[1, 3] = 0.5
    assert samples[1, 3] == 0.5


@pytest.mark.parametrize("slot", [SILENT_SLOT, 3, -1])
def test_only_slots_for_notes_can_be_written(small, slot):
    with pytest.raises(ValueError, match=r"slot must be 1..2"):
        small.write(slot, np.zeros(5, np.float32))


def test_a_note_longer_than_a_slot_is_refused(small):
    with pytest.raises(ValueError, match="holds 100 frames, not 101"):
        small.write(1, np.zeros(101, np.float32))


@pytest.mark.parametrize("shape", [(1, 100), (3, 0)])
def test_a_pool_for_no_note_is_refused(shape):
    with pytest.raises(ValueError, match="a pool needs"):
        NotePool(*shape)


def test_a_pool_larger_than_the_memory_is_refused_in_one_line(monkeypatch):
    if not pool_module._SHARED_MEMORY_FOLDER.is_dir():
        pytest.skip("only Linux keeps shared memory in a folder")
    usage = namedtuple("Usage", "total used free")(0, 0, 5 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(PoolError, match=r"need 38 MiB in /dev/shm, which has 5 MiB left") as caught:
        NotePool(10, 1_000_000)
    assert "\n" not in str(caught.value)


def test_a_pool_that_is_gone_cannot_be_mapped():
    with pytest.raises(PoolError, match="Could not map"):
        NotePool.attach("timbrepad-no-such-pool", 2, 10)


def test_a_note_info_crosses_a_pipe():
    note = NoteInfo(3, 48000, 1000, 40000, 0.9, 0.5, 44100.0)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(note), type=NoteInfo) == note
