import pretend
from PySide6.QtGui import QImage

from gui.pictures import take_pictures

EXPECTED = {"playing", "timbres", "small", "large", "notice", "light", "palette", "trail", "tour"}
EXPECTED |= {"map", "breed", "points"}


def test_every_state_has_a_picture_that_is_not_blank(qtbot, library, tmp_path):
    files = take_pictures(pretend.PretendInstrument, library, tmp_path / "new", ready_seconds=5)
    assert {file.stem for file in files} >= EXPECTED
    for file in files:
        image = QImage(str(file)).scaled(40, 40)
        assert len({image.pixel(x, y) for x in range(40) for y in range(40)}) > 3
