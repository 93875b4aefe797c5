"""Bringing a model in from the window's settings."""

import sys

import pretend
import pytest

from gui.bridge import Bridge
from gui.settings.model_page import ModelPage

IMPORT = """
import json, sys
assert sys.argv[1:] == ["models", "import", "/somewhere/Cellos", "--json"], sys.argv
print(json.dumps({"name": "Cellos", "path": "/models/cellos"}))
"""
REFUSE = "import sys; sys.exit('\"Cellos\" is no model: it has no config.json.')"


@pytest.fixture
def page(qtbot, theme):
    """Open the page on an instrument, with what stands in for the command line."""
    made = []

    def page(script):
        instrument = pretend.PretendInstrument(model=None)
        bridge = Bridge(lambda: instrument)
        shown = ModelPage(bridge, (sys.executable, "-c", script))
        qtbot.addWidget(shown)
        made.append((bridge, shown))
        bridge.begin()
        qtbot.waitUntil(lambda: bridge.state == "playing")
        return shown, bridge, instrument

    yield page
    for bridge, _ in made:
        bridge.end()


def test_an_imported_model_is_opened(page, qtbot):
    shown, _, instrument = page(IMPORT)
    shown.import_folder("/somewhere/Cellos")
    assert not shown.bring.isEnabled()
    qtbot.waitUntil(lambda: instrument.called("load_model") == [("Cellos",)])
    assert shown.bring.isEnabled()


def test_what_is_no_model_is_said_and_nothing_is_opened(page, qtbot):
    shown, bridge, instrument = page(REFUSE)
    with qtbot.waitSignal(bridge.noticed) as said:
        shown.import_folder("/somewhere/Cellos")
    assert said.args == ['"Cellos" is no model: it has no config.json.', True]
    assert instrument.called("load_model") == []


def test_where_no_model_is_installed_the_page_says_what_to_do(page):
    shown, _, _ = page(IMPORT)
    shown.show_models(())
    assert "Import one" in shown.info.text()
    assert shown.bring.isEnabled()
    assert not shown.open.isEnabled()
