"""A small case that runs as it is, and a small building that can be balanced as it is, to begin with."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from dhsim.errors import Problem, ScenarioError


def init_case(folder: str | Path) -> list[Path]:
    """Write the starter case into a folder, which is made if need be.

    Returns
    -------
    list[Path]
        The files written: a baseline and a bypass scenario that extends it.

    Raises
    ------
    ScenarioError
        If one of the files is there already (all such files are named, nothing is written), if other scenarios are
        there, which would be compared with it, or if writing fails.
    """
    return _written(Path(folder), "starter", ("*.yaml", "*.yml"), "scenarios")


def init_building(folder: str | Path) -> list[Path]:
    """Write the starter building, tables that its user fills in, into a folder, which is made if need be.

    Returns
    -------
    list[Path]
        The files written: `building.yaml` and the tables.

    Raises
    ------
    ScenarioError
        If one of the files is there already (all such files are named, nothing is written), if other tables or
        YAML files are there, which would be read with it, or if writing fails.
    """
    return _written(Path(folder), "starter_building", ("*.yaml", "*.yml", "*.csv"), "a building")


def _written(folder: Path, template: str, patterns: tuple[str, ...], what: str) -> list[Path]:
    """Copy a template's files into a folder that holds nothing like them."""
    entries = resources.files("dhsim").joinpath("data", template).iterdir()
    texts = {entry.name: entry.read_bytes() for entry in entries if entry.name.endswith((".yaml", ".csv"))}
    targets = {folder / name: text for name, text in sorted(texts.items())}
    there = [path for path in targets if path.exists() or path.is_symlink()]
    if there:
        raise ScenarioError(Problem("exists already and is not overwritten", str(path)) for path in there)
    others = sorted(path.name for pattern in patterns for path in folder.glob(pattern))
    if others:
        message = f"holds {what} already ({', '.join(others)}): the starter wants a folder of its own"
        raise ScenarioError.single(message, path=str(folder))
    path = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in targets.items():
            with path.open("xb") as file:
                file.write(text)
    except OSError as error:
        raise ScenarioError.single(
            f"cannot be written: {(error.strerror or str(error)).lower()}", path=str(path)
        ) from None
    return list(targets)
