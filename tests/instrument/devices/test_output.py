import pytest

from instrument.devices import output as output_module
from instrument.devices.audio import DeviceError
from instrument.devices.output import RETRY_SECONDS, WITHOUT_OUTPUT_HZ, Output
from instrument.values.status import AudioSettings, AudioStatus


class PretendedStream:
    def __init__(self, settings, engine):
        self.settings, self.engine, self.alive, self.closed = settings, engine, True, False
        self.status = AudioStatus(running=True, device=settings.device or "default")

    def close(self):
        self.closed = True
        return True


class Rig:
    """A sound system that is there or not, on a clock that stands still."""

    def __init__(self):
        self.now, self.said, self.streams, self.problem = 50.0, [], [], ""
        self.output = Output(self.say, lambda: self.now, self.open)

    def say(self, text, *, is_error=True):
        self.said.append((text, is_error))

    def open(self, settings, engine_for):
        if self.problem:
            raise DeviceError(self.problem)
        self.streams.append(PretendedStream(settings, engine_for(48000.0)))
        return self.streams[-1]

    def poll(self):
        return self.output.poll(lambda rate: f"engine at {rate:g}")


@pytest.fixture
def rig():
    return Rig()


def test_an_output_that_is_asked_for_is_opened_on_an_engine_of_its_rate(rig):
    rig.output.ask(AudioSettings("card"))
    rig.poll()
    rig.poll()
    (stream,) = rig.streams
    assert stream.engine == "engine at 48000"
    assert rig.output.status.device == "card"
    assert rig.said == []


def test_somebody_pulls_unless_an_output_is_missing(rig):
    assert rig.output.is_pulling
    rig.output.ask(AudioSettings())
    assert not rig.output.is_pulling
    rig.poll()
    assert rig.output.is_pulling


def test_another_choice_closes_the_former_first(rig):
    rig.output.ask(AudioSettings("a"))
    rig.poll()
    rig.output.ask(AudioSettings("b"))
    assert rig.streams[0].closed
    rig.poll()
    assert rig.output.status.device == "b"


def test_a_missing_output_is_said_once_and_tried_on(rig):
    rig.problem = "Could not open it."
    rig.output.ask(AudioSettings())
    for _ in range(5):
        rig.poll()
        rig.now += RETRY_SECONDS
    assert rig.said == [("Could not open it.", True)]
    assert rig.output.status == AudioStatus(message="Could not open it.")
    rig.problem = ""
    assert rig.poll()
    assert rig.output.status.running
    assert rig.said[-1] == ('The sound output "default" is there.', False)


def test_tries_are_half_a_second_apart(rig):
    rig.problem = "No."
    rig.output.ask(AudioSettings())
    rig.poll()
    rig.problem = ""
    rig.now += RETRY_SECONDS - 0.01
    assert not rig.poll()
    rig.now += 0.02
    assert rig.poll()


def test_an_output_that_dies_is_said_and_comes_back(rig):
    rig.output.ask(AudioSettings("card"))
    rig.poll()
    rig.streams[0].alive = False
    rig.problem = "gone"
    rig.poll()
    assert rig.streams[0].closed
    assert rig.said[0][0].startswith('The sound output "card" has stopped.')
    assert not rig.output.is_pulling
    rig.problem = ""
    rig.now += RETRY_SECONDS
    assert rig.poll()
    assert rig.output.status.running
    assert len(rig.said) == 2


def test_where_a_try_takes_long_the_next_waits_longer_but_never_two_seconds(rig):
    def search(settings, engine_for):
        rig.now += 0.2
        return rig.open(settings, engine_for)

    rig.output = Output(rig.say, lambda: rig.now, search)
    rig.problem = "No."
    rig.output.ask(AudioSettings())
    rig.poll()
    rig.problem, failed = "", rig.now
    while not rig.poll():
        rig.now += 0.05
    assert 0.8 < rig.now - failed < 1.3


def test_an_output_that_dies_and_is_there_is_opened_again_at_once(rig):
    rig.output.ask(AudioSettings("card"))
    rig.poll()
    rig.streams[0].alive = False
    assert rig.poll()
    assert rig.output.status.running


def test_a_new_choice_is_tried_at_once(rig):
    rig.problem = "No."
    rig.output.ask(AudioSettings("a"))
    rig.poll()
    rig.problem = ""
    rig.output.ask(AudioSettings("b"))
    rig.poll()
    assert rig.output.status.device == "b"


def test_closing_closes_the_stream(rig):
    rig.output.ask(AudioSettings())
    rig.poll()
    rig.output.close()
    assert rig.streams[0].closed
    rig.poll()
    assert len(rig.streams) == 1


def test_without_an_output_notes_are_made_for_a_usual_rate(rig, monkeypatch):
    def missing(_settings):
        raise DeviceError("none")

    monkeypatch.setattr(output_module, "rate_of", missing)
    assert rig.output.expected_rate() == WITHOUT_OUTPUT_HZ
    rig.output.ask(AudioSettings())
    assert rig.output.expected_rate() == WITHOUT_OUTPUT_HZ
    rig.output.ask(AudioSettings(sample_rate=96000))
    assert rig.output.expected_rate() == 96000.0


def test_a_sound_system_that_is_missing_lists_no_outputs(rig, monkeypatch):
    def missing():
        raise DeviceError("none")

    monkeypatch.setattr(output_module, "refresh_outputs", missing)
    assert rig.output.devices() == ()
