import pretend
import pytest

from gui.seeing.timing_view import TimingView
from gui.seeing.timing_watch import CALM_SECONDS, TimingWatch
from instrument import AudioStatus


def watched(*counts, every=2.0, block=128):
    watch = TimingWatch()
    return [watch.take(count, block, 100.0 + every * at) for at, count in enumerate(counts)]


def test_a_single_drop_says_nothing():
    assert not any(watched(0, 1, 1, 1, 1))


def test_many_drops_in_one_moment_say_nothing():
    assert not any(watched(0, 40, 90, 91, 92, every=0.1))


def test_drops_that_come_again_are_trouble():
    assert watched(0, 1, 2, 3) == [False, False, False, True]


def test_drops_far_apart_are_no_trouble():
    assert not any(watched(0, 1, 2, 3, 4, every=20.0))


def test_the_count_that_the_window_finds_at_its_start_is_no_trouble():
    assert not any(watched(500, 500, 500))


def test_trouble_ends_when_no_block_has_dropped_for_a_while():
    watch = TimingWatch()
    for at, count in enumerate((0, 1, 2, 3)):
        watch.take(count, 128, 2.0 * at)
    assert watch.take(3, 128, 6.0 + CALM_SECONDS / 2)
    assert not watch.take(3, 128, 6.0 + CALM_SECONDS)


def test_another_block_size_begins_anew():
    watch = TimingWatch()
    for at, count in enumerate((0, 1, 2, 3)):
        watch.take(count, 128, 2.0 * at)
    assert not watch.take(4, 256, 7.0)


@pytest.fixture
def view(theme, show):
    return show(TimingView(theme), 280, 36)


def in_trouble(view, **audio):
    for count in range(4):
        status = pretend.status(
            dropped_blocks=count, audio=AudioStatus(running=True, device="Scarlett 2i2", **audio)
        )
        view.watch(status, 100.0 + 2.0 * count)


def test_lasting_trouble_offers_the_larger_block_in_the_same_place(view, qtbot):
    assert view.button.isHidden()
    in_trouble(view, block=128)
    assert view.button.isVisible()
    assert view.button.text() == "Drops: use 256"
    with qtbot.waitSignal(view.block_wanted) as wanted:
        view.button.click()
    assert wanted.args == [256]


def test_beyond_the_largest_block_nothing_is_offered(view):
    in_trouble(view, block=2048)
    assert view.button.isHidden()


def test_one_click_opens_the_output_with_the_larger_block(window, instrument, qtbot):
    in_trouble(window.top.timing, block=128)
    window.top.timing.button.click()
    qtbot.waitUntil(lambda: bool(instrument.called("open_audio")))
    settings = instrument.called("open_audio")[0][0]
    assert (settings.device, settings.block, settings.sample_rate) == ("Scarlett 2i2", 256, 48000)
    qtbot.waitUntil(window.top.timing.button.isHidden)


def test_a_narrow_window_shows_less_of_the_timing(open_window, instrument, qtbot):
    window = open_window(instrument, size=(900, 600))
    narrow = window.top.timing.width()
    window.resize(1440, 900)
    assert narrow == 3 * 56
    qtbot.waitUntil(lambda: window.top.timing.width() == 5 * 56)
