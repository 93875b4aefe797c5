"""Settings of sound, MIDI, tuning and model; each takes effect at once, while the music goes on."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from gui.bridge import Bridge
from gui.commands.commands import Commands
from gui.seeing.timing_view import to_the_ear_seconds
from gui.widgets import theme as themes
from gui.widgets.choice import Choice
from gui.widgets.theme import Theme
from instrument import AudioDevice, AudioSettings

from .keys_page import KeysPage
from .midi_learn import MidiLearn
from .midi_map_page import MidiMapPage
from .model_page import ModelPage
from .tuning_page import TuningPage

PAGES = ("audio", "midi", "controllers", "tuning", "model", "keys")
BLOCKS = (32, 64, 128, 256, 512, 1024, 2048)
RATES = (0, 44100, 48000, 88200, 96000)
ALL_INPUTS, NO_INPUTS = "*", ""
LOOK_MILLISECONDS = 1000  # how often it is looked for ports that were plugged in
LIGHT_MILLISECONDS = 150


class DeviceDialog(QDialog):
    """Six pages: "audio", "midi", "controllers", "tuning", "model", "keys"."""

    titles = ("Sound", "MIDI", "Controllers", "Tuning", "Model", "Keys")

    def __init__(
        self,
        bridge: Bridge,
        midi: MidiLearn,
        commands: Commands,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setMinimumSize(660, 470)
        self.audio = AudioPage(bridge, theme)
        self.midi = MidiPage(bridge, theme)
        self.controllers = MidiMapPage(bridge, midi, theme)
        self.tuning = TuningPage(bridge)
        self.model = ModelPage(bridge)
        self.keys = KeysPage(commands)
        self._pages = (
            *(self.audio, self.midi, self.controllers),
            *(self.tuning, self.model, self.keys),
        )
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Pages of the settings")
        self.tabs.tabBar().setAccessibleName("Pages of the settings")
        self.tabs.tabBar().setDrawBase(False)
        for page, title in zip(self._pages, self.titles, strict=True):
            self.tabs.addTab(page, title)
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(close)
        below.setContentsMargins(16, 0, 16, 14)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.tabs, 1)
        layout.addLayout(below)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in a list opens what is chosen there
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MILLISECONDS)
        self._timer.timeout.connect(self._look_again)

    def open_page(self, page: str) -> None:
        """Show the dialog at a page."""
        self.tabs.setCurrentIndex(PAGES.index(page))
        self.show()
        self.raise_()
        self.activateWindow()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask what there is."""
        for page in self._pages:
            page.look()
        self._timer.start()
        super().showEvent(event)

    def _look_again(self) -> None:
        if self.isVisible():
            self.midi.look()
        else:
            self._timer.stop()


class AudioPage(QWidget):
    """Output, rate, block, and what they come to in milliseconds."""

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self._bridge = bridge
        self.device = Choice("Output device", theme)
        self.rate = Choice("Sample rate", theme)
        self.block = Choice("Block size", theme)
        self.result = QLabel()
        self.result.setWordWrap(True)
        self.result.setAccessibleName("Latency")
        self.test = QPushButton("Play a test sound")
        self.test.setToolTip("A short sound that needs no model")
        self.test.clicked.connect(lambda: bridge.ask(lambda instrument: instrument.test_sound()))
        for rate in RATES:
            self.rate.addItem(f"{rate / 1000:g} kHz" if rate else "The device's own", rate)
        for block in BLOCKS:
            self.block.addItem(f"{block} frames", block)
        for combo in (self.device, self.rate, self.block):
            combo.activated.connect(self._open)
        form = _form(self)
        form.addRow("Output", self.device)
        form.addRow("Sample rate", self.rate)
        form.addRow("Block", self.block)
        form.addRow("", self.result)
        form.addRow("", _row(self.test))
        bridge.audio_changed.connect(self._show_audio)
        self._show_audio()

    def look(self) -> None:
        """Ask which outputs there are."""
        self._bridge.ask(lambda instrument: instrument.audio_devices(), self.show_devices)

    def show_devices(self, devices: Sequence[AudioDevice]) -> None:
        """List the outputs, the system's default first."""
        self.device.clear()
        default = next((device.name for device in devices if device.is_default), "")
        self.device.addItem(f"System default{f' ({default})' if default else ''}", "")
        for device in devices:
            self.device.addItem(f"{device.name}  ·  {device.host_api}", device.name)
        if not devices:
            self.device.setItemText(0, "No output was found: connect one and open this page again")
        self._show_audio()

    def settings(self) -> AudioSettings:
        """Give what is chosen."""
        return AudioSettings(
            device=self.device.currentData() or "",
            sample_rate=self.rate.currentData(),
            block=self.block.currentData(),
            timing=self._bridge.status.audio.timing,
        )

    def _open(self) -> None:
        settings = self.settings()
        self._bridge.ask(lambda instrument: instrument.open_audio(settings))

    def _show_audio(self) -> None:
        audio = self._bridge.status.audio
        self.block.choose(audio.block)
        if audio.running:
            self.device.choose(audio.device)
            block = 1000 * audio.block / audio.sample_rate
            words = (
                f"{audio.sample_rate / 1000:g} kHz, a block lasts {block:.1f} ms, "
                f"from key to ear {1000 * to_the_ear_seconds(audio):.1f} ms.\n"
                "A smaller block answers sooner; a larger one drops out less."
            )
        else:
            words = audio.message or "No sound output is open. Connect one, or choose another."
        self.result.setText(words)
        self.result.setProperty("role", "caption" if audio.running else "error")
        self.result.style().polish(self.result)
        self.test.setEnabled(audio.running)


class MidiPage(QWidget):
    """Which input to listen to, and a light that shows what arrives."""

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self._bridge = bridge
        self._ports: tuple[str, ...] | None = None
        self.input = Choice("MIDI input", theme)
        self.input.activated.connect(self._open)
        self.light = Light(theme)
        self.connected = QLabel()
        self.connected.setWordWrap(True)
        self.connected.setProperty("role", "caption")
        form = _form(self)
        form.addRow("Listen to", self.input)
        form.addRow("Activity", self.light)
        form.addRow("", self.connected)
        bridge.midi_heard.connect(self.light.flash)
        bridge.midi_changed.connect(self._show_connected)
        self.show_ports(())
        self._show_connected(())

    def look(self) -> None:
        """Ask which inputs there are."""
        self._bridge.ask(lambda instrument: instrument.midi_ports(), self.show_ports)

    def show_ports(self, ports: tuple[str, ...]) -> None:
        """List the inputs, unless they are the same as before."""
        if ports == self._ports:
            return
        self._ports = ports
        chosen = self.input.currentData()
        self.input.clear()
        self.input.addItem("All inputs", ALL_INPUTS)
        for port in ports:
            self.input.addItem(port, port)
        self.input.addItem("None", NO_INPUTS)
        self.input.choose(chosen)

    def _open(self) -> None:
        name = self.input.currentData()
        self._bridge.ask(lambda instrument: instrument.open_midi(name))

    def _show_connected(self, names: Sequence[str]) -> None:
        self.connected.setText(
            f"Connected: {', '.join(names)}."
            if names
            else "No MIDI input is connected. Plug a keyboard in: it is found by itself. "
            "Until then the computer's keys A W S E D F play."
        )


class Light(QWidget):
    """A lamp that is lit for a moment."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.is_lit = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LIGHT_MILLISECONDS)
        self._timer.timeout.connect(self._go_out)
        self.setAccessibleName("MIDI activity")

    def sizeHint(self) -> QSize:
        """A small lamp."""
        return QSize(160, 18)

    def flash(self) -> None:
        """Light up for a moment."""
        self.is_lit = True
        self._timer.start()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the lamp."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.colour("line"))
        painter.setBrush(self._theme.colour("fresh" if self.is_lit else "raised"))
        painter.drawEllipse(QRectF(1, self.height() / 2 - 6, 12, 12))
        painter.setPen(self._theme.colour("dim"))
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        place = QRectF(22, 0, self.width() - 22, self.height())
        words = "a message arrived" if self.is_lit else "play your keyboard to see it light up"
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()

    def _go_out(self) -> None:
        self.is_lit = False
        self.update()


def _row(widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(widget)
    row.addStretch(1)
    return row


def _form(page: QWidget) -> QFormLayout:
    form = QFormLayout(page)
    form.setContentsMargins(20, 18, 20, 8)
    form.setHorizontalSpacing(16)
    form.setVerticalSpacing(10)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return form
