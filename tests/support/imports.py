"""What the modules of a package import, read from their text: nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Import", "imports_of", "module_files"]


class Import(NamedTuple):
    """One import.

    :ivar importer: the module that imports.
    :ivar imported: the module that is imported.
    :ivar function: the function it happens in, ``Class.method`` or ``name``; empty outside of any.
    :ivar line: where it stands.
    """

    importer: str
    imported: str
    function: str
    line: int


def module_files(folder: Path, package: str) -> dict[str, Path]:
    """``{module: file}`` of a package.

    :param folder: the package's folder, whatever it is called.
    """
    found = {}
    for path in folder.rglob("*.py"):
        parts = [package, *path.relative_to(folder).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(module: str, source: str, modules: frozenset[str]) -> Iterator[Import]:
    """The imports of a module, those inside functions too; not those for type checkers.

    :param modules: all modules there are, which tell ``from package import module`` from a name.
    """
    for node, scope in _walk(ast.parse(source), ()):
        function = ".".join(scope)
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, function, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: a relative import"
            base = str(node.module)
            for alias in node.names:
                name = f"{base}.{alias.name}"
                yield Import(module, name if name in modules else base, function, node.lineno)


def _walk(node: ast.AST, scope: tuple[str, ...]) -> Iterator[tuple[ast.AST, tuple[str, ...]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield other, scope
                yield from _walk(other, scope)
            continue
        yield child, scope
        inner = scope
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = (*scope, child.name)
        yield from _walk(child, inner)
