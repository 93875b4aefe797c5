"""Widgets set in lines as words are: what has no line is hidden, and comes back with the room."""

from PySide6.QtWidgets import QLabel, QWidget

from gui.widgets.flow_layout import FlowLayout


def test_widgets_without_a_line_are_hidden_until_there_is_room(qtbot) -> None:
    widget = QWidget()
    layout = FlowLayout(2, 4)
    labels = [QLabel("mallet") for _ in range(12)]
    for label in labels:
        layout.addWidget(label)
    widget.setLayout(layout)
    qtbot.addWidget(widget)
    wide = labels[0].sizeHint().width() + 4
    widget.resize(3 * wide, 200)
    widget.show()
    qtbot.waitExposed(widget)
    qtbot.waitUntil(lambda: [label.isVisible() for label in labels] == [True] * 6 + [False] * 6)
    widget.resize(7 * wide, 200)
    qtbot.waitUntil(lambda: all(label.isVisible() for label in labels))
