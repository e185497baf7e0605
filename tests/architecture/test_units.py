"""Units stand in names, in docstrings and in the registry, and agree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhsim.quantities import QUANTITIES, unit_of_name

_UNIT_WORDS = """
c k w kw mw pa kpa mpa bar m mm m2 m3 m3s m4 l kg t g s s2 s4 s6 min h d y j kj mj gj kwh mwh gwh eur rel percent deg
rad per mk m2k kgk kmol mol pa05 kg2 m6 ks kh kgs m05 wm2 ppm
"""
UNIT_TOKENS = frozenset(_UNIT_WORDS.split())
NO_UNIT = {"", "rel", "percent"}
"""Names that may say `-`, `%` or nothing."""


def unit_in_name(name: str) -> str:
    """Return the trailing tokens of a name that are units, joined: conductance_kg_s_pa05 -> kgspa05."""
    tokens = name.split("_")
    first = len(tokens)
    while first > 1 and tokens[first - 1] in UNIT_TOKENS:
        first -= 1
    return "".join(tokens[first:])


def unit_in_text(unit: str) -> str:
    """Return a unit as print has it in the form of `unit_in_name`: kg/(s sqrt(Pa)) -> kgspa05."""
    plain = unit.strip().lower().replace("sqrt(pa)", "pa05").replace("degc", "c").replace("%", "percent")
    if plain in {"-", "1"}:
        return "rel"
    plain = re.sub(r"^1/", "per", plain)
    return re.sub(r"[^a-z0-9]", "", plain)


def _sections(docstring: str) -> dict[str, str]:
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", docstring, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _units(text: str) -> list[str]:
    """Return what stands in square brackets and is no interval, index or list."""
    return [found for found in re.findall(r"\[([^\[\]]+)\]", text) if "," not in found and not found.isdigit()]


def _entries(section: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield names and units of each entry of a Parameters section."""
    for entry in re.split(r"^(?=\S)", section.partition("\n>>>")[0], flags=re.MULTILINE):
        head, _, text = entry.partition("\n")
        names = [name.strip().lstrip("*") for name in head.partition(" :")[0].split(",") if name.strip()]
        if names:
            yield names, _units(head + " " + text)


def _functions(source: Path) -> Iterator[tuple[ast.FunctionDef, dict[str, str]]]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node, _sections(ast.get_docstring(node) or "")


def _disagreements(names: list[str], units: list[str]) -> Iterator[str]:
    shared = units if len(units) == len(names) else units[:1] * len(names)
    for index, name in enumerate(names):
        stated = unit_in_name(name)
        documented = unit_in_text(shared[index]) if shared else ""
        if stated != documented and not {stated, documented} <= NO_UNIT:
            yield f"{name} documents [{shared[index] if shared else ''}]"


def _argument_names(function: ast.FunctionDef) -> list[str]:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.arg for argument in named if argument.arg not in {"self", "cls"}]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("temp_supply_c", "degC"),
        ("ua_w_k", "W/K"),
        ("conductance_kg_s_pa05", "kg/(s sqrt(Pa))"),
        ("heat_capacity_j_kgk", "J/(kg K)"),
        ("window_share_per_k", "1/K"),
        ("speed_rel", "-"),
    ],
)
def test_the_two_spellings_of_a_unit_meet(name: str, unit: str) -> None:
    assert unit_in_name(name) == unit_in_text(unit)


@pytest.mark.parametrize(
    ("names", "units"), [(["dp_pa"], ["kPa"]), (["ua_w_k"], ["K"]), (["temp_c"], []), (["count"], ["W"])]
)
def test_a_wrong_unit_is_seen(names: list[str], units: list[str]) -> None:
    assert list(_disagreements(names, units))


def test_documented_units_agree_with_argument_names(package_sources: list[Path]) -> None:
    wrong = [
        f"{source.name}:{function.lineno} {function.name}: {problem}"
        for source in package_sources
        for function, sections in _functions(source)
        for names, units in _entries(sections.get("Parameters", ""))
        for problem in _disagreements(names, units)
    ]
    assert not wrong, "\n".join(wrong)


def test_documented_arguments_are_the_arguments(package_sources: list[Path]) -> None:
    """In order, and in physics all of them; elsewhere an object whose name says all may be left out."""
    wrong = [
        f"{source.name}:{function.lineno} {function.name}: documents {documented}, takes {_argument_names(function)}"
        for source in package_sources
        for function, sections in _functions(source)
        if "Parameters" in sections
        for documented in [[name for names, _ in _entries(sections["Parameters"]) for name in names]]
        for taken in [_argument_names(function)]
        if documented != (taken if source.parent.name == "physics" else [name for name in taken if name in documented])
    ]
    assert not wrong, "\n".join(wrong)


def test_documented_result_agrees_with_function_name(package_sources: list[Path]) -> None:
    wrong = [
        f"{source.name}:{function.lineno} {function.name}: returns [{units[0]}]"
        for source in package_sources
        for function, sections in _functions(source)
        for units in [_units(sections.get("Returns", ""))]
        if len(units) == 1 and unit_in_name(function.name) not in {"", unit_in_text(units[0])}
    ]
    assert not wrong, "\n".join(wrong)


def test_every_formula_is_documented_in_full(package_sources: list[Path]) -> None:
    """Physics: arguments, result, source and a worked example."""
    thin = [
        f"{source.name}:{function.lineno} {function.name}: lacks {missing}"
        for source in package_sources
        if source.parent.name == "physics"
        for function, sections in _functions(source)
        if any(isinstance(mark, ast.Name) and mark.id == "elementwise" for mark in function.decorator_list)
        and not function.name.startswith("_")
        for docstring in [ast.get_docstring(function) or ""]
        for missing in [
            [name for name in ("Parameters", "Returns") if name not in sections]
            + [
                what
                for what, mark in (("Source", r"[Ss]ource|\beqs?\."), ("example", ">>>"))
                if not re.search(mark, docstring)
            ]
        ]
        if missing
    ]
    assert not thin, "\n".join(thin)


@pytest.mark.parametrize("name", QUANTITIES)
def test_registry_agrees_with_the_suffix(name: str) -> None:
    stated = unit_of_name(name)
    assert QUANTITIES[name].unit == (stated or "-")
    if stated is not None:
        assert unit_in_name(name) == unit_in_text(stated)
