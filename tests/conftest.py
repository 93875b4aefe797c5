"""A second try for tests that run real processes, servers and windows against the clock.

Another program on the machine can hold any of them up for seconds. A test that needed its second
try is named at the end of the run: one that is named often has a race, and that is to be mended.
What only calculates gets no second try.
"""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
AGAINST_THE_CLOCK = {"gui", "instrument", "main_job", "test_cli.py", "test_cli_data.py", "train"}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in AGAINST_THE_CLOCK:
            item.add_marker(pytest.mark.flaky(max_runs=2))
