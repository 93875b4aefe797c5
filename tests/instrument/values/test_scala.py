import pytest

from instrument.values.scala import MIDDLE_C_HZ, TuningError, read_tuning
from instrument.values.tuning import hz_to_pitch

JUST = """! just.scl
!
Seven notes, just
 7
!
 9/8
 5/4  a major third
 498.045
 3/2
 5/3 !
 15 / 8
 2
"""
WHITE_KEYS = """! white.kbm
12
0
127
60
69
440.0
7
0
x
1
x
2
3
x
4
x
5
x
6
"""


@pytest.fixture
def write(tmp_path):
    def written(name, text):
        path = tmp_path / name
        path.write_bytes(text.encode("latin-1"))
        return path

    return written


def test_a_scale_is_laid_key_by_key_from_middle_c(write):
    tuning = read_tuning(write("just.scl", JUST))
    assert tuning.name == "Seven notes, just"
    cents = [1200 * x for x in (0, 0.169925, 0.321928, 0.415037, 0.584963, 0.736966, 0.906891, 1)]
    for degree, value in enumerate(cents):
        assert tuning.pitches[60 + degree] == pytest.approx(60 + value / 100, abs=1e-3)
    assert tuning.pitches[60 - 7] == pytest.approx(48)
    assert tuning.pitches[60 + 15] == pytest.approx(84 + 2.0391, abs=1e-3)


def test_a_keyboard_map_says_which_key_plays_which_degree(write):
    tuning = read_tuning(write("just.scl", JUST), write("white.kbm", WHITE_KEYS))
    assert tuning.pitches[69] == pytest.approx(69)  # the key whose frequency is given
    assert tuning.pitches[61] is None
    assert tuning.pitches[67] - tuning.pitches[60] == pytest.approx(7.01955, abs=1e-4)
    assert tuning.pitches[72] - tuning.pitches[60] == pytest.approx(12)
    assert tuning.pitches[36] - tuning.pitches[60] == pytest.approx(-24)


def test_a_map_without_a_scale_moves_the_pitch_of_all(write):
    tuning = read_tuning(None, write("a.kbm", "0\n0\n127\n60\n69\n432.0\n12\n"))
    assert tuning.pitches[69] == pytest.approx(hz_to_pitch(432.0))
    assert tuning.pitches[60] == pytest.approx(hz_to_pitch(432.0) - 9)


def test_keys_outside_the_map_keep_their_pitch(write):
    tuning = read_tuning(None, write("a.kbm", "0\n50\n70\n60\n69\n452.0\n12\n"))
    assert (tuning.pitches[49], tuning.pitches[71]) == (49.0, 71.0)
    assert tuning.pitches[50] != 50.0


def test_silent_keys_at_the_end_of_a_map_may_be_left_out(write):
    tuning = read_tuning(None, write("a.kbm", "4\n0\n127\n60\n60\n261.6255653\n12\n0\n4\n"))
    assert tuning.pitches[61] == pytest.approx(64, abs=1e-4)
    assert (tuning.pitches[62], tuning.pitches[63]) == (None, None)
    assert tuning.pitches[64] == pytest.approx(72, abs=1e-4)


@pytest.mark.parametrize(
    ("line", "cents"),
    [
        ("100.", 100),
        ("-50.5", -50.5),
        ("+7.25", 7.25),
        (".5", 0.5),
        ("4", 2400),
        ("10/8", 386.3137),
    ],
)
def test_a_pitch_is_cents_or_a_ratio(write, line, cents):
    tuning = read_tuning(write("a.scl", f"x\n2\n{line}\n2/1\n"))
    assert tuning.pitches[61] - tuning.pitches[60] == pytest.approx(cents / 100, abs=1e-5)


def test_very_large_ratios_do_not_overflow(write):
    tuning = read_tuning(write("a.scl", f"x\n1\n{3**700}/{2**1109}\n"))
    assert tuning.pitches[61] is not None


def test_a_name_in_an_old_encoding_is_read(write):
    assert read_tuning(write("a.scl", "Mélange\n0\n")).name == "Mélange"


def test_a_scale_of_one_degree_puts_every_key_on_it(write):
    tuning = read_tuning(write("a.scl", "one\n0\n"))
    assert set(tuning.pitches) == {hz_to_pitch(MIDDLE_C_HZ)}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "ends where the description"),
        ("name\n", 2, "ends where the number of degrees"),
        ("name\ntwelve\n", 2, 'a whole number, not "twelve"'),
        ("name\n-1\n", 2, "must be 0..4096, not -1"),
        ("name\n2\n9/8\n", 4, "ends where degree 2 of 2"),
        ("name\n! a remark\n2\n9/8\nfifth\n", 5, '"fifth" is no pitch'),
        ("name\n1\n3/0\n", 3, "no zero"),
        ("name\n1\n-3/2\n", 3, "no pitch"),
        ("name\n1\n\n", 3, "no pitch"),
        ("name\n1\n1e3\n", 3, "no pitch"),
        ("name\n1\n2/1\n3/1\n", 4, "more than the 1 degrees"),
    ],
)
def test_a_bad_scale_is_refused_by_file_and_line(write, text, line, reason):
    path = write("bad.scl", text)
    with pytest.raises(TuningError, match=reason) as error:
        read_tuning(path)
    assert f'"{path}", line {line}: ' in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("12\n0\n127\n60\n69\nloud\n12\n", 6, 'a number of Hz, not "loud"'),
        ("12\n0\n127\n60\n69\n-440\n12\n", 6, "a number of Hz"),
        ("12\n0\n127\n60\n69\nnan\n12\n", 6, "a number of Hz"),
        ("12\n0\n128\n60\n69\n440\n12\n", 3, "the last key must be 0..127, not 128"),
        ("2\n0\n127\n60\n60\n440\n12\n0\n1\n2\n", 10, "more keys than the 2"),
        ("2\n0\n127\n60\n60\n440\n12\n0\none\n", 9, '"one" is no degree'),
        ("2\n0\n127\n60\n61\n440\n12\n0\nx\n", 5, "leaves it silent"),
        ("0\n70\n60\n60\n60\n440\n12\n", 3, "below the first"),
        ("0\n0\n127\n", 4, "ends where the middle key"),
    ],
)
def test_a_bad_map_is_refused_by_file_and_line(write, text, line, reason):
    path = write("bad.kbm", text)
    with pytest.raises(TuningError, match=reason) as error:
        read_tuning(None, path)
    assert f'"{path}", line {line}' in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TuningError, match=r"There is no file .*none\.scl"):
        read_tuning(tmp_path / "none.scl")


def test_a_folder_is_no_scale(tmp_path):
    with pytest.raises(TuningError, match="Could not read"):
        read_tuning(tmp_path)


def test_what_is_too_large_is_not_read(write):
    with pytest.raises(TuningError, match="too large"):
        read_tuning(write("big.scl", "x" * 1_000_001))
