"""Facts about the folders: who imports whom, what a wheel holds, what is light."""

import ast
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import instrument

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
HEAVY = {"numba", "sounddevice", "torch", "PySide6", "rtmidi", "scipy", "librosa"}


def modules_after(code: str) -> set[str]:
    """Run a program in a fresh interpreter; give the top-level modules that it loaded."""
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_arrows_between_the_folders_point_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_nothing_in_the_folders_imports_the_command_line() -> None:
    for folder in SETTINGS["tool"]["importlinter"]["root_packages"]:
        for file in (ROOT / folder).rglob("*.py"):
            assert "timbrepad" not in imported(file), file


def imported(file: Path) -> set[str]:
    """Name the top-level modules that a file imports absolutely."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_importing_the_instrument_is_light() -> None:
    assert not modules_after("import instrument") & HEAVY


@pytest.mark.parametrize("arguments", [["--help"], ["render", "--help"], ["--version"]])
def test_help_is_light(arguments: list[str]) -> None:
    program = f"""
import sys
from timbrepad import main
sys.argv = ["timbrepad", *{arguments}]
output, sys.stdout = sys.stdout, sys.stderr
try:
    main()
except SystemExit as end:
    assert not end.code
sys.stdout = output
"""
    assert not modules_after(program) & (HEAVY | {"numpy", "rich"})


def test_the_instruments_list_of_names_is_what_it_imports() -> None:
    tree = ast.parse((ROOT / "instrument" / "__init__.py").read_text())
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    names |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(instrument.__all__) == {name for name in names if not name.startswith("_")}
    assert all(hasattr(instrument, name) for name in instrument.__all__)


def test_the_window_asks_the_instrument_for_no_name_that_it_does_not_offer() -> None:
    asked = {
        alias.name
        for file in (ROOT / "gui").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "instrument"
        for alias in node.names
    }
    assert asked <= set(instrument.__all__)


def test_the_wheel_holds_the_listed_packages_their_data_and_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "source"  # a copy: what former builds left in the tree gets into wheels
    packages = SETTINGS["tool"]["importlinter"]["root_packages"]
    for folder in [*packages, "tests", "docs"]:
        shutil.copytree(
            ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in ["timbrepad.py", "pyproject.toml", "README.md", "LICENSE"]:
        shutil.copy(ROOT / file, source)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, str(source)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert top == {*packages, "timbrepad.py"}
    presets = {path.name for path in (ROOT / "presets").glob("*.json")}
    assert presets == {Path(name).name for name in names if name.count("/") == 1} & presets
    assert any(name.endswith("/weights.safetensors") for name in names), "the bundled model"
