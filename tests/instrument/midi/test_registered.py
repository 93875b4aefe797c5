import pytest

from instrument.midi.registered import Registered, RegisteredParameters, Setting
from instrument.values.events import ControlChange


def taken(*pairs, channel=0):
    """Give what a row of (controller, value) sets."""
    listener = RegisteredParameters()
    events = (ControlChange(controller=c, value=v, channel=channel) for c, v in pairs)
    return [s for s in (listener.take(event) for event in events) if s is not None]


def chosen(number):
    return (101, 0), (100, number)


def test_a_value_comes_in_two_halves():
    coarse, fine = taken(*chosen(0), (6, 12), (38, 50), channel=3)
    assert coarse == Setting(Registered.BEND_RANGE, 3, 12, 0)
    assert fine == Setting(Registered.BEND_RANGE, 3, 12, 50)


@pytest.mark.parametrize("parameter", list(Registered))
def test_each_parameter_is_known_by_its_number(parameter):
    assert taken(*chosen(parameter), (6, 1))[0].parameter is parameter


def test_all_fourteen_bits_count():
    assert taken(*chosen(1), (6, 64), (38, 1))[-1].value == 8193


@pytest.mark.parametrize(
    "pairs",
    [
        [(6, 12)],
        [(101, 127), (100, 127), (6, 12)],
        [*chosen(0), (101, 127), (100, 127), (6, 12)],
        [*chosen(3), (6, 12)],
        [(101, 1), (100, 0), (6, 12)],
        [*chosen(0), (99, 0), (98, 0), (6, 12)],
    ],
    ids=["none chosen", "null", "null again", "unknown", "another bank", "another maker's"],
)
def test_a_value_for_nothing_that_is_known_sets_nothing(pairs):
    assert taken(*pairs) == []


def test_steps_go_up_and_down_from_the_last_value():
    settings = taken(*chosen(0), (6, 12), (96, 0), (96, 0), (97, 0))
    assert [setting.coarse for setting in settings] == [12, 13, 14, 13]


def test_steps_stop_at_the_ends():
    assert [s.value for s in taken(*chosen(6), (97, 0), (97, 0))] == [0, 0]


def test_channels_are_apart():
    listener = RegisteredParameters()
    for controller, value in chosen(0):
        listener.take(ControlChange(controller=controller, value=value, channel=1))
    assert listener.take(ControlChange(controller=6, value=5, channel=2)) is None
    assert listener.take(ControlChange(controller=6, value=5, channel=1)).coarse == 5
