"""The soak finds nothing in an instrument that is well, and something in one that is not."""

import numpy as np
import pytest

from instrument.benchmarks.soak import soak
from instrument.midi import midi
from tests.instrument.rig import Rig, make_preset


@pytest.fixture
def rig(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path / "bundled")
    monkeypatch.setattr(midi, "available_apis", lambda: ())
    rig = Rig(tmp_path)
    yield rig
    for instrument in rig.made:
        instrument.close()


def test_a_minute_of_random_playing_leaves_nothing_behind(rig):
    instrument = rig.start()
    rig.settle(instrument)
    rig.library.save(make_preset("Glass"))
    figures = soak(instrument, rig.library, 0.1)
    assert figures["events"] > 200
    assert figures["presets"] == 1
    assert figures["not_finite"] == figures["stuck_voices"] == figures["dropped_events"] == 0
    assert figures["silent"]
    assert 0.01 < figures["loudest"] <= 1.0


def test_a_sample_that_is_no_number_is_counted(rig, monkeypatch):
    instrument = rig.start()
    rig.settle(instrument)
    process = instrument.engine.process

    def break_one(out):
        process(out)
        out[0, 0] = np.nan

    monkeypatch.setattr(instrument.engine, "process", break_one)
    assert soak(instrument, rig.library, 0.01)["not_finite"] > 100
