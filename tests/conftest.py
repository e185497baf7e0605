"""What all tests share: where things stand, and a hypothesis that draws the same examples on every machine."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("MPLBACKEND", "agg")

hypothesis.settings.register_profile("dhsim", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("dhsim")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def project_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def package_sources(project_root: Path) -> list[Path]:
    sources = sorted((project_root / "dhsim").rglob("*.py"))
    assert sources
    return sources


@pytest.fixture(scope="session")
def validation_folder(project_root: Path) -> Path:
    """Measured and published data beside the project; tests that need them skip where they are absent."""
    named = os.environ.get("DHSIM_VALIDATION_DATA")
    folder = Path(named) if named else project_root.parent / "shared" / "validation"
    if not folder.is_dir():
        pytest.skip(f"no validation data: {'DHSIM_VALIDATION_DATA' if named else 'shared/validation'} is not a folder")
    return folder
