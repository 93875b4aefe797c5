import pytest

from instrument.parameters import BY_CONTROLLER, BY_NAME, PARAMETERS, defaults

each = pytest.mark.parametrize("row", PARAMETERS, ids=lambda row: row.name)


@each
def test_both_ends_of_the_knob_are_both_ends_of_the_range(row):
    assert row.from_position(0.0) == pytest.approx(row.minimum)
    assert row.from_position(1.0) == pytest.approx(row.maximum)


@each
def test_a_knob_turned_too_far_stays_at_its_end(row):
    assert row.from_position(-1.0) == pytest.approx(row.minimum)
    assert row.from_position(2.0) == pytest.approx(row.maximum)
    assert row.clip(row.maximum + 1) == row.maximum
    assert row.clip(row.minimum - 1) == row.minimum


@each
@pytest.mark.parametrize("position", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_position_and_value_are_a_pair(row, position):
    assert row.to_position(row.from_position(position)) == pytest.approx(position, abs=1e-9)


@each
def test_a_knob_only_ever_rises(row):
    values = [row.from_position(i / 50) for i in range(51)]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


@each
def test_the_default_lies_within_the_range(row):
    assert row.minimum <= row.default <= row.maximum


def test_a_logarithmic_knob_multiplies_by_the_same_everywhere():
    cutoff = BY_NAME["cutoff"]
    assert cutoff.from_position(0.5) == pytest.approx((cutoff.minimum * cutoff.maximum) ** 0.5)


def test_no_two_rows_share_a_name_or_a_controller():
    controllers = [row.controller for row in PARAMETERS if row.controller is not None]
    assert len(BY_NAME) == len(PARAMETERS)
    assert len(set(controllers)) == len(controllers) == len(BY_CONTROLLER)


def test_defaults_have_every_parameter_and_are_a_new_table_each_time():
    table = defaults()
    table["pan"] = 1.0
    assert defaults() == {row.name: row.default for row in PARAMETERS}
