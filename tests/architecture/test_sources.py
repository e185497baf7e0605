"""House rules that a parser can check."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
CONVERSION_FACTORS = {3600, 86400, 3.6e6, 3.6e9, 273.15}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(source: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def _public(source: Path) -> Iterator[tuple[str, ast.AST]]:
    """Yield what others may use of a module: its functions and classes, and the methods of these."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            for method in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(method, Function) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", method


def test_modules_are_short(package_sources: list[Path]) -> None:
    lengths = {str(source): len(source.read_text(encoding="utf-8").splitlines()) for source in package_sources}
    long = [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > MAX_MODULE_LINES]
    assert not long, "\n".join(long)


def _length(function: Function) -> int:
    """Return the lines of a function without those of its docstring, which are welcome."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None and first.end_lineno is not None
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1 - (first.end_lineno - first.lineno + 1 if documented else 0)


def test_functions_are_short(package_sources: list[Path]) -> None:
    long = [
        f"{source}:{function.lineno} {function.name}: {_length(function)} lines"
        for source in package_sources
        for function in _functions(source)
        if _length(function) > MAX_FUNCTION_LINES
    ]
    assert not long, "\n".join(long)


def test_public_things_have_docstrings(package_sources: list[Path]) -> None:
    bare = [
        f"{source}: {name}"
        for source in package_sources
        for name, node in _public(source)
        if ast.get_docstring(node) is None and not _is_overload(node)  # type: ignore[arg-type]
    ]
    assert not bare, "\n".join(bare)


def _is_overload(node: ast.AST) -> bool:
    return isinstance(node, Function) and any(
        isinstance(decorator, ast.Name) and decorator.id == "overload" for decorator in node.decorator_list
    )


def test_only_the_command_line_prints(package_sources: list[Path]) -> None:
    calls = [
        f"{source}:{node.lineno}"
        for source in package_sources
        if source.name != "cli.py"
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not calls, "\n".join(calls)


@pytest.mark.parametrize("pattern", [r"\b(get|calc)_\w+", r"\w*Manager", r"(utils|helpers)"])
def test_names_say_what_a_thing_is(pattern: str, package_sources: list[Path]) -> None:
    """`get`, `calc`, `utils`, `helpers` and `Manager` say nothing."""
    named = [
        f"{source}: {node.name}"
        for source in package_sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, Function | ast.ClassDef) and re.fullmatch(pattern, node.name)
    ]
    named += [str(source) for source in package_sources if re.fullmatch(pattern, source.stem)]
    assert not named, "\n".join(named)


def test_conversion_factors_stand_in_units_only(package_sources: list[Path]) -> None:
    typed_in = [
        f"{source}:{node.lineno}: {ast.unparse(node)}"
        for source in package_sources
        if source.name != "units.py"
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.BinOp)
        for side in (node.left, node.right)
        if isinstance(side, ast.Constant) and type(side.value) in (int, float) and side.value in CONVERSION_FACTORS
    ]
    assert not typed_in, "\n".join(typed_in)


def test_no_state_at_module_level(package_sources: list[Path]) -> None:
    """Lists and dictionaries at module level are constants: capitals, and nothing in the package writes into them."""
    variables = [
        f"{source}:{statement.lineno}: {target.id}"
        for source in package_sources
        for statement in ast.parse(source.read_text(encoding="utf-8")).body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.List | ast.Dict | ast.Set)
        for target in statement.targets
        if isinstance(target, ast.Name) and target.id not in (target.id.upper(), "__all__")
    ]
    globals_used = [
        f"{source}:{node.lineno}"
        for source in package_sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Global)
    ]
    assert not variables + globals_used, "\n".join(variables + globals_used)
