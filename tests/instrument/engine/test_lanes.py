"""How voices are brought side by side."""

import numpy as np
import pytest

from instrument.engine.envelope import BLOCK
from instrument.engine.lanes import LANES, transpose


@pytest.mark.parametrize("shape", [(LANES, BLOCK), (8, 8), (24, 16)])
def test_axes_change_places_and_every_sample_stays(shape):
    source = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    target = np.zeros(shape[::-1], np.float32)
    transpose(source, target)
    np.testing.assert_array_equal(target, source.T)
