"""What is counted of the neighbours' stretches; JACK itself is not needed."""

import subprocess
import sys

import numpy as np
import pytest

from instrument.benchmarks import process_family
from instrument.benchmarks.jack_recorder import Recording
from instrument.benchmarks.key_probe import BenchError
from instrument.benchmarks.neighbours import _compared, _n_gaps, _Stretch, _summary
from instrument.benchmarks.process_family import NoRendererError, children_of, renderer_of

BLOCK, RATE = 128, 48000


def recording_of(wave):
    frames = np.arange(0, len(wave), BLOCK)
    return Recording(wave.astype(np.float32), frames / RATE, frames, RATE)


def test_silent_blocks_inside_of_a_note_are_gaps():
    wave = np.sin(np.arange(100 * BLOCK))
    wave[20 * BLOCK : 23 * BLOCK] = 0.0
    assert _n_gaps(recording_of(wave), 0.0, 90 * BLOCK / RATE, BLOCK) == 3
    assert _n_gaps(recording_of(wave), 30 * BLOCK / RATE, 90 * BLOCK / RATE, BLOCK) == 0


def test_all_stretches_of_one_kind_are_summed_up():
    first = _Stretch(np.array([0.002, 0.003]), 3, 1)
    second = _Stretch(np.array([0.004]), 1, 2)
    assert _summary([first, second]) == {
        "notes": 4,
        "lost": 1,
        "p50_ms": 3.0,
        "p99_ms": 3.98,
        "spread_ms": 1.96,
        "gaps": 3,
    }


def test_a_change_stands_beside_what_differs_without_a_neighbour():
    def stretch(*ms):
        return _Stretch(np.array(ms) / 1000.0, len(ms), 0)

    figures = _compared([stretch(2.0, 2.0), stretch(3.0, 3.0)], [stretch(4.0), stretch(4.0)])
    assert figures["change_ms"] == {"p50": 1.5, "p99": 1.0}
    assert figures["floor_ms"] == {"p50": 1.0, "p99": 1.0}


def test_where_nothing_was_heard_it_says_what_to_try():
    with pytest.raises(BenchError, match="timbrepad doctor"):
        _summary([_Stretch(np.array([]), 4, 0)])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_process_is_found_among_the_children_of_its_parent():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        me = process_family.Path("/proc/self").resolve().name
        assert child.pid in children_of(int(me))
        with pytest.raises(NoRendererError, match=f"Process {child.pid} has no renderer"):
            renderer_of(child.pid)
    finally:
        child.kill()
        child.wait()
