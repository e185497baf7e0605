from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import dhsim

HEAVY = ("matplotlib", "pandas", "scipy", "numba", "numpy", "pydantic", "simpy", "ruamel", "pyarrow", "jinja2")


def test_contracts_hold(project_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project_root)
    assert lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True) == 0


@pytest.mark.parametrize("statement", ["import dhsim", "import dhsim.cli", "import dhsim; dhsim.DhsimError"])
def test_heavy_packages_wait_until_they_are_needed(statement: str) -> None:
    code = f"import sys; {statement}; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("jit", ["0", "1"])
def test_matplotlib_is_loaded_by_the_report_only(jit: str) -> None:
    code = (
        "import sys, dhsim; [getattr(dhsim, name) for name in dhsim.__all__]; "
        "print('matplotlib' in sys.modules); import dhsim.report.html; print('matplotlib' in sys.modules)"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": jit}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == ["False", "True"]


def test_stub_declares_the_public_names(project_root: Path) -> None:
    stub = ast.parse((project_root / "dhsim" / "__init__.pyi").read_text(encoding="utf-8"))
    declared = {}
    for statement in stub.body:
        if isinstance(statement, ast.ImportFrom):
            declared |= {alias.asname: f"{statement.module}:{alias.name}" for alias in statement.names}
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            declared[statement.target.id] = ""
    assert sorted(declared) == sorted(dhsim.__all__)
    for name, place in declared.items():
        if place:
            module, attribute = place.split(":")
            room = __import__(module, fromlist=[attribute])
            assert getattr(dhsim, name) in (getattr(room, attribute), room), f"{name} is not {place}"


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        dhsim.simulat  # type: ignore[attr-defined]  # noqa: B018


def test_assess_means_the_same_before_and_after_its_room_is_imported() -> None:
    """`dhsim.assess` is both a room and a public function; the room is callable so that neither hides the other."""
    code = (
        "import dhsim; before = dhsim.assess; import dhsim.assess.types; "
        "print(before is dhsim.assess, callable(before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
