"""The notebooks run from top to bottom on this interpreter, show their figures, and are stored without results."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK_FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(NOTEBOOK_FOLDER.glob("*.ipynb"))
KERNEL = "python3"
TIMEOUT_S = 600
MACHINE_PATHS = re.compile(r"/(home|Users|tmp|opt|mnt|root|var)/|\b[A-Za-z]:\\\\?[A-Za-z]|file://")

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: pip install dhsim[dev]")


def test_there_are_numbered_notebooks() -> None:
    assert NOTEBOOKS
    assert [path.name for path in NOTEBOOKS if not re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", path.name)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestStored:
    """What the file may hold."""

    def test_is_valid_and_names_its_cells(self, path: Path) -> None:
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        ids = [cell.id for cell in notebook.cells]
        assert len(set(ids)) == len(ids)

    def test_holds_no_results(self, path: Path) -> None:
        code = [cell for cell in _read(path).cells if cell.cell_type == "code"]
        assert code
        assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []

    def test_is_the_same_wherever_it_was_saved(self, path: Path) -> None:
        notebook = _read(path)
        assert notebook.metadata == {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": KERNEL},
            "language_info": {"name": "python"},
        }
        assert [cell.id for cell in notebook.cells if cell.metadata or cell.get("attachments")] == []

    def test_names_no_machine(self, path: Path, project_root: Path) -> None:
        sources = {cell.id: cell.source for cell in _read(path).cells}
        assert [name for name, text in sources.items() if MACHINE_PATHS.search(text) or str(project_root) in text] == []


@pytest.mark.parametrize("text", ["/home/me/x.csv", "C:\\data", "C:\\\\data", "/tmp/x", "file:///x"])
def test_machine_paths_are_recognised(text: str) -> None:
    assert MACHINE_PATHS.search(text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom(path: Path, tmp_path: Path, project_root: Path) -> None:
    executed = _executed(path, tmp_path, project_root)
    outputs = [(cell.id, output) for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    said = [(name, output.text) for name, output in outputs if output.output_type == "stream"]
    assert [(name, text) for name, text in said if "Warning" in text] == []
    shown = [(name, output.data) for name, output in outputs if "data" in output]
    # a Figure that no formatter knows leaves only its repr
    plain = [(name, data.get("text/plain", "")) for name, data in shown if "image/png" not in data]
    assert [name for name, text in plain if text.startswith("<Figure")] == []
    assert any("image/png" in data for _, data in shown)
    assert [name for name, text in said if re.search(r"\bnan\b", text)] == []


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def _executed(path: Path, tmp_path: Path, project_root: Path) -> Any:
    """Return the notebook as this interpreter runs it, from its own folder; the file stays as it is."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: pip install dhsim[dev]")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: pip install dhsim[dev]")
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    # no kernel of the user's: `python3` is then this interpreter's own
    specs = KernelSpecManager(kernel_dirs=[])
    manager = AsyncKernelManager(kernel_name=KERNEL, kernel_spec_manager=specs)
    client = nbclient.NotebookClient(
        _read(path), km=manager, timeout=TIMEOUT_S, resources={"metadata": {"path": str(path.parent)}}
    )
    # nor a startup file or history of the user's; and dhsim from here, installed or not
    paths = [str(project_root), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "PYTHONPATH": os.pathsep.join(part for part in paths if part),
    }
    return client.execute(cleanup_kc=True, env=environment)
