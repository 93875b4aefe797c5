import ast
from pathlib import Path

from instrument.engine import kernels

ROOT = Path(kernels.__file__).parents[2]


def imported(module):
    """Give the instrument's modules that one of them imports."""
    package = module.rpartition(".")[0]
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            source = node.module if not node.level else f"{package}.{node.module or ''}".rstrip(".")
            if source.startswith("instrument."):
                whole = (ROOT / source.replace(".", "/")).is_dir()
                yield from [f"{source}.{alias.name}" for alias in node.names] if whole else [source]


def test_the_cache_of_machine_code_knows_every_module_that_ends_up_in_it():
    reached, to_see = set(), ["instrument.engine.callback"]
    while to_see:
        name = to_see.pop()
        if name not in reached:
            reached.add(name)
            to_see.extend(imported(name))
    assert len(reached) > 30
    assert {ROOT.joinpath(*name.split(".")[:-1]) for name in reached} <= set(kernels.SOURCES)
