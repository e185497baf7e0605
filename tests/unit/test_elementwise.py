from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.elementwise import cache_folder, compiled, elementwise, jit_disabled

FORMULA = """
from dhsim.elementwise import elementwise

@elementwise
def doubled(value):
    return {factor} * value
"""
CALLER = """
from dhsim.elementwise import compiled
from dhsim.physics.probe import doubled

@compiled
def twice_doubled(value):
    return doubled(doubled(value))
"""
QUESTION = """
from dhsim.engine.probe import twice_doubled
from dhsim.physics.probe import doubled
print(float(doubled(1.0)), float(twice_doubled(1.0)), sum(twice_doubled.stats.cache_hits.values()))
"""


@elementwise
def _limited(value: float, limit: float) -> float:
    if value > limit:
        return limit
    return value


@compiled
def _sum_limited(values: np.ndarray, limit: float) -> float:
    total = 0.0
    for value in values:
        total += _limited(value, limit)
    return total


def test_floats_arrays_and_series() -> None:
    assert _limited(3.0, 2.0) == 2.0
    np.testing.assert_array_equal(_limited(np.array([1.0, 3.0]), 2.0), [1.0, 2.0])
    np.testing.assert_array_equal(_limited(np.array([[1.0], [3.0]]), np.array([0.5, 2.0])), [[0.5, 1.0], [0.5, 2.0]])
    series = pd.Series([1.0, 3.0], index=["a", "b"])
    pd.testing.assert_series_equal(pd.Series(_limited(series, 2.0)), pd.Series([1.0, 2.0], index=["a", "b"]))


def test_compiled_code_calls_the_same_formula() -> None:
    assert _sum_limited(np.array([1.0, 3.0, 5.0]), 2.0) == 5.0


def test_division_by_zero_is_quiet_in_compiled_code() -> None:
    """The loop never raises: what has no value is NaN or inf and becomes a status."""

    @compiled
    def quotient(a: float, b: float) -> float:
        return a / b

    if jit_disabled():
        pytest.skip("plain Python raises")
    assert np.isinf(quotient(1.0, 0.0))


def _package_copy(folder: Path, project_root: Path) -> Path:
    copy = folder / "copy"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(project_root / "dhsim", copy / "dhsim", ignore=ignored)
    (copy / "dhsim" / "engine" / "probe.py").write_text(CALLER, encoding="utf-8")
    return copy


def _answer(copy: Path, cache: Path, factor: float) -> tuple[float, float, int]:
    """Write the formula with a factor, and ask formula and compiled caller in a fresh process."""
    (copy / "dhsim" / "physics" / "probe.py").write_text(FORMULA.format(factor=factor), encoding="utf-8")
    environment = {**os.environ, "DHSIM_CACHE_DIR": str(cache), "PYTHONPATH": str(copy), "NUMBA_DISABLE_JIT": "0"}
    done = subprocess.run(
        [sys.executable, "-c", QUESTION], capture_output=True, text=True, env=environment, cwd=copy, check=False
    )
    assert done.returncode == 0, done.stderr
    own, through_caller, hits = done.stdout.split()
    return float(own), float(through_caller), int(hits)


def test_the_compiled_cache_follows_a_formula_in_another_file(tmp_path: Path, project_root: Path) -> None:
    """numba alone would keep the old formula inside the caller, whose own file did not change."""
    copy, cache = _package_copy(tmp_path, project_root), tmp_path / "cache"
    assert _answer(copy, cache, 2.0) == (2.0, 4.0, 0)
    assert _answer(copy, cache, 2.0) == (2.0, 4.0, 1), "the second process takes the caller from the cache"
    assert _answer(copy, cache, 3.0) == (3.0, 9.0, 0)
    assert len(list(cache.iterdir())) == 2, "one folder a state of the sources"


def test_cache_folder_is_named_by_the_sources_and_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache_folder.cache_clear()
    monkeypatch.setenv("DHSIM_CACHE_DIR", str(tmp_path))
    try:
        assert cache_folder().parent == tmp_path
        assert len(cache_folder().name) == 16
    finally:
        cache_folder.cache_clear()


PLAIN = """
import numpy as np
from dhsim.physics import combustion
values = np.linspace(1.0, 60.0, 7)
print(combustion.volume_air_m3_kg(values, 2.9, 0.8, 7.0).tolist(), float(combustion.volume_co2_m3_kg(43.4)))
"""


def test_plain_python_gives_the_same_numbers(project_root: Path, tmp_path: Path) -> None:
    answers = []
    for disabled in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled, "DHSIM_CACHE_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", PLAIN],
            capture_output=True,
            text=True,
            env=environment,
            cwd=project_root,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers.append(done.stdout)
    assert answers[0] == answers[1]
    assert answers[0].count(",") == 7 - 1


def test_every_example_of_a_formula_is_run(project_root: Path) -> None:
    """Compiled formulas are objects, not functions: make sure that doctest finds them."""
    import doctest
    import importlib

    for source in sorted((project_root / "dhsim" / "physics").glob("[a-z]*.py")):
        module = importlib.import_module(f"dhsim.physics.{source.stem}")
        found = {test.name.rpartition(".")[2] for test in doctest.DocTestFinder().find(module) if test.examples}
        formulas = {
            name
            for name, thing in vars(module).items()
            if not name.startswith("_") and hasattr(thing, "__wrapped__") and thing.__module__ == module.__name__
        }
        assert formulas - found == set(), f"{source.stem}: formulas without a doctest, or doctests that are not found"
