"""A small case that runs as it is, to begin with."""

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
    folder = Path(folder)
    template = resources.files("dhsim").joinpath("data", "starter")
    texts = {entry.name: entry.read_bytes() for entry in template.iterdir() if entry.name.endswith(".yaml")}
    targets = {folder / name: text for name, text in sorted(texts.items())}
    there = [path for path in targets if path.exists() or path.is_symlink()]
    if there:
        raise ScenarioError(Problem("exists already and is not overwritten", str(path)) for path in there)
    others = sorted(path.name for pattern in ("*.yaml", "*.yml") for path in folder.glob(pattern))
    if others:
        message = f"holds scenarios already ({', '.join(others)}): the starter wants a folder of its own"
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
