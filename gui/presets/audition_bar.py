"""A line that says which sound is only being tried, and how to come back."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

BACK_KEY = "Esc"


class AuditionBar(QWidget):
    """Shown while a sound is tried."""

    back = Signal()
    kept = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self.text = QLabel()
        self.text.setProperty("role", "caption")
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._back = self._button("Back", f"Come back to the sound before ({BACK_KEY})")
        self._back.clicked.connect(self.back)
        self._keep = self._button("Keep", "Go on with this sound (Enter)")
        self._keep.clicked.connect(self.kept)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.text, 1)
        layout.addWidget(self._back)
        layout.addWidget(self._keep)
        self.hide()

    def show_tried(self, name: str) -> None:
        """Say what is tried; "" puts the line away."""
        self._words = f"Trying {name}"
        self._elide()
        self.text.setToolTip(name)
        self._back.setAccessibleDescription(f"Trying {name}")
        self.setVisible(bool(name))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say as much as there is room for."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        room = max(self.text.width() - 2, 40)
        mode = Qt.TextElideMode.ElideRight
        self.text.setText(self.text.fontMetrics().elidedText(self._words, mode, room))

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("role", "chip")
        button.setToolTip(tip)
        return button
