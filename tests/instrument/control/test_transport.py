import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.control.tap_tempo import TapTempo
from instrument.control.transport import CLOCKS_A_BEAT, GONE_SECONDS, ClockFollower, Transport


def clocks(tempo, n_beats, *, jitter=0.0, start=0.0, seed=0):
    """Give the times at which clocks come, unevenly by so many seconds to each side."""
    times = start + np.arange(round(n_beats * CLOCKS_A_BEAT)) * 60.0 / (tempo * CLOCKS_A_BEAT)
    times += np.random.default_rng(seed).uniform(-jitter, jitter, len(times))
    return np.sort(times).tolist()


def follow(transport, times):
    """Feed clocks; give the tempo after each."""
    tempos = []
    for at in times:
        transport.clock(at)
        tempos.append(transport.tempo(at))
    return tempos


@pytest.mark.parametrize("tempo", [20.0, 59.9, 120.0, 174.0, 300.0])
def test_an_even_clock_is_followed_within_a_beat(tempo):
    tempos = follow(Transport(100.0), clocks(tempo, 4, start=1000.0))
    assert tempos[CLOCKS_A_BEAT:] == [pytest.approx(tempo, abs=0.01)] * (3 * CLOCKS_A_BEAT)


@pytest.mark.parametrize("tempo", [60.0, 120.0, 240.0])
def test_a_clock_that_comes_a_millisecond_early_or_late_gives_a_steady_tempo(tempo):
    tempos = follow(Transport(), clocks(tempo, 64, jitter=0.001))
    settled = np.array(tempos[6 * CLOCKS_A_BEAT :])
    # half the spread of a straight line through four beats, and some
    assert np.abs(settled / tempo - 1.0).max() < 0.002 * max(tempo / 120.0, 1.0)
    assert abs(np.mean(settled) / tempo - 1.0) < 0.0003


@given(
    tempo=st.floats(30.0, 280.0),
    jitter=st.floats(0.0, 0.002),
    seed=st.integers(0, 1000),
)
@settings(max_examples=50, deadline=None)
def test_any_clock_with_jitter_is_found_within_four_beats_to_a_percent(tempo, jitter, seed):
    tempos = follow(Transport(), clocks(tempo, 8, jitter=jitter, seed=seed))
    assert tempos[-1] == pytest.approx(tempo, rel=0.01)


def test_a_new_tempo_is_taken_over_within_two_beats():
    transport = Transport()
    times = clocks(120.0, 8)
    follow(transport, times)
    tempos = follow(transport, clocks(90.0, 4, start=times[-1] + 60 / (90 * 24)))
    assert tempos[2 * CLOCKS_A_BEAT] == pytest.approx(90.0, abs=0.2)


def test_a_slow_change_is_followed_without_jumps():
    transport, at, tempos = Transport(), 0.0, []
    for n in range(40 * CLOCKS_A_BEAT):
        at += 60.0 / ((100.0 + 20.0 * n / (40 * CLOCKS_A_BEAT)) * CLOCKS_A_BEAT)
        transport.clock(at)
        tempos.append(transport.tempo(at))
    assert tempos[-1] == pytest.approx(120.0, abs=1.5)
    assert np.abs(np.diff(tempos[24:])).max() < 0.3


def test_when_the_clock_stops_the_own_tempo_counts_again_and_beats_go_on():
    transport = Transport(80.0)
    times = clocks(120.0, 8)
    follow(transport, times)
    end = times[-1]
    assert transport.is_following(end + 0.9 * GONE_SECONDS)
    gone = end + 1.1 * GONE_SECONDS
    before = transport.beat(end + 0.9 * GONE_SECONDS)
    assert not transport.is_following(gone)
    assert transport.tempo(gone) == 80.0
    assert transport.beat(gone) == pytest.approx(before, abs=1 / CLOCKS_A_BEAT)
    assert transport.beat(gone + 3.0) - transport.beat(gone) == pytest.approx(4.0)


def test_beats_go_by_as_the_own_tempo_says_and_a_change_makes_no_jump():
    transport = Transport(120.0)
    assert transport.beat(10.0) == pytest.approx(20.0)
    transport.set_tempo(60.0, 10.0)
    assert transport.beat(10.0) == pytest.approx(20.0)
    assert transport.beat(12.0) == pytest.approx(22.0)


def test_a_clock_without_a_start_goes_on_from_where_the_beats_are():
    transport = Transport(120.0)
    times = clocks(120.0, 2, start=10.0)
    follow(transport, times)
    assert transport.beat(times[-1]) == pytest.approx(2.0 * times[-1], abs=0.1)


def test_a_start_begins_the_song_with_its_next_clock():
    transport = Transport()
    times = clocks(120.0, 4)
    follow(transport, times)
    transport.start(times[-1] + 0.001)
    assert transport.beat(times[-1] + 0.002) == 0.0
    more = clocks(120.0, 4, start=times[-1] + 60 / (120 * 24))
    follow(transport, more[:1])
    assert transport.beat(more[0]) == pytest.approx(0.0, abs=0.01)
    follow(transport, more[1:25])
    assert transport.beat(more[24]) == pytest.approx(1.0, abs=0.02)


def test_after_a_stop_beats_stand_still_and_go_on_from_there():
    transport = Transport()
    times = clocks(120.0, 20)
    follow(transport, times[:192])
    transport.stop()
    here = transport.beat(times[191])
    follow(transport, times[192:240])
    assert transport.beat(times[239]) == pytest.approx(here, abs=1 / CLOCKS_A_BEAT)
    transport.go_on()
    follow(transport, times[240:265])
    assert transport.beat(times[264]) == pytest.approx(here + 1.0, abs=2 / CLOCKS_A_BEAT)


def test_a_song_position_is_a_place_in_sixteenths():
    transport = Transport()
    follow(transport, clocks(120.0, 2))
    transport.stop()
    transport.locate(6)
    assert transport.beat(1.0) == pytest.approx(1.5)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["clock", "start", "go_on", "stop", "locate"]), st.floats(0.0, 3.0)
        ),
        max_size=80,
    )
)
def test_whatever_comes_tempo_and_beats_are_numbers_in_their_range(steps):
    transport, at = Transport(), 0.0
    for what, wait in steps:
        at += wait
        if what == "locate":
            transport.locate(99)
        elif what in ("clock", "start"):
            getattr(transport, what)(at)
        else:
            getattr(transport, what)()
        assert 20.0 <= transport.tempo(at) <= 300.0
        assert np.isfinite(transport.beat(at))
        assert transport.beat(at) >= 0.0


def test_a_follower_that_has_heard_too_little_knows_no_tempo():
    follower = ClockFollower()
    follower.take(0.0)
    follower.take(0.02)
    assert follower.tempo is None


def test_taps_give_a_tempo_and_one_bad_tap_does_no_harm():
    taps = TapTempo()
    assert taps.tap(0.0) is None
    assert taps.tap(0.5) == pytest.approx(120.0)
    assert [taps.tap(at) for at in (1.0, 1.62, 2.0, 2.5)][-1] == pytest.approx(120.0)


def test_after_a_pause_taps_count_anew():
    taps = TapTempo()
    taps.tap(0.0)
    taps.tap(0.5)
    assert taps.tap(100.0) is None
    assert taps.tap(101.0) == pytest.approx(60.0)


def test_taps_beyond_the_range_are_brought_into_it():
    taps = TapTempo()
    taps.tap(0.0)
    assert taps.tap(0.01) == 300.0
