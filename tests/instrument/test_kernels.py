import ast
from pathlib import Path

from instrument import kernels

FOLDER = Path(kernels.__file__).parent


def imported(name):
    """Give the modules of the folder that a module imports."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else [alias.name for alias in node.names]


def test_the_cache_of_machine_code_knows_every_module_that_ends_up_in_it():
    reached, to_see = set(), ["callback"]
    while to_see:
        name = to_see.pop()
        if name not in reached:
            reached.add(name)
            to_see.extend(imported(name))
    assert reached == set(kernels.SOURCES)
