"""A rule of the user's own: a function `decide(observation) -> Decision` in a file beside the scenario."""

from __future__ import annotations

import hashlib
import importlib
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from types import ModuleType

import pandas as pd

from dhsim.control.commands import Observation
from dhsim.errors import DhsimError
from dhsim.model.system import Mode


@dataclass(frozen=True)
class Decision:
    """What a user strategy wants until it is asked again; what it leaves out stays with the policy."""

    temp_set_c: float | None = None
    """Secondary supply set-point in BYPASS."""
    flow_set_rel: float | None = None
    """Secondary flow relative to design."""
    temp_offset_k: float = 0.0
    """Added to the set-point, and to a night setback."""
    mode: Mode | None = None
    """A wish, below dwell time and fail-safe rules; once granted it holds against the mode law till the next one."""

    def __post_init__(self) -> None:
        for name in ("temp_set_c", "flow_set_rel", "temp_offset_k"):
            value = getattr(self, name)
            if value is None and name != "temp_offset_k":
                continue
            if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
                raise DhsimError(f"Decision: {name} is {value!r}, it should be a finite number")
        if self.flow_set_rel is not None and self.flow_set_rel <= 0.0:
            raise DhsimError(f"Decision: flow_set_rel is {self.flow_set_rel!r}, it should be above 0")
        if self.mode is not None and not isinstance(self.mode, Mode):
            raise DhsimError(f"Decision: mode is {self.mode!r}, it should be a dhsim.model.system.Mode")


Decide = Callable[[Observation], Decision | None]


def load_strategy(reference: str, folder: str | Path) -> Decide:
    """Return the function that `module:function` names, from a file in `folder`.

    The file is executed anew at each call, so that a run never starts from what another left in its module. While it
    is executed, modules beside it can be imported; afterwards `sys.path` and `sys.modules` know nothing of them, so
    that two scenario folders may use the same names.

    Parameters
    ----------
    reference : str
        `module:function`; dots in the module are folders.
    folder : str or Path
        Where the file is: the scenario's folder.

    Returns
    -------
    Callable
        The user's function.

    Raises
    ------
    DhsimError
        If the text is not `module:function`, the file is missing or fails, or the name is missing or not callable.
    """
    module_name, colon, function_name = reference.partition(":")
    if not colon or not all(part.isidentifier() for part in [*module_name.split("."), function_name]):
        raise DhsimError(f"user strategy {reference!r}: expected `module:function`")
    folder = Path(folder).resolve()
    path = folder.joinpath(*module_name.split(".")).with_suffix(".py")
    if not path.is_file():
        raise DhsimError(f"user strategy {reference!r}: there is no file {path}")
    module = _execute(reference, path, folder)
    if not hasattr(module, function_name):
        raise DhsimError(f"user strategy {reference!r}: {path} has no {function_name!r}")
    function: Decide = getattr(module, function_name)
    if not callable(function):
        raise DhsimError(f"user strategy {reference!r}: {function_name!r} of {path} is not callable")
    return function


def ask(decide: Decide, reference: str, observation: Observation, time: pd.Timestamp) -> Decision:
    """Return what the user's function decides; None from it means that it wants nothing.

    Raises
    ------
    DhsimError
        If the function raises or returns something else; the text names the function and the time.
    """
    try:
        decision = decide(observation)
    except Exception as error:
        raise DhsimError(f"user strategy {reference!r} failed at {time}: {type(error).__name__}: {error}") from error
    if decision is None:
        return Decision()
    if not isinstance(decision, Decision):
        kind = type(decision).__name__
        raise DhsimError(f"user strategy {reference!r} returned {kind} at {time}, expected a control.strategy.Decision")
    return decision


def _execute(reference: str, path: Path, folder: Path) -> ModuleType:
    # Not by the import system: it tells cached byte code apart by size and whole seconds, and would miss a quick edit.
    name = f"_dhsim_user_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    with _importing_from(folder):
        sys.modules[name] = module  # dataclasses look up the module of their class
        try:
            exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
        except Exception as error:
            raise DhsimError(f"user strategy {reference!r}: {path}: {type(error).__name__}: {error}") from error
        finally:
            del sys.modules[name]
    return module


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        beside = {name for name in set(sys.modules) - before if _stands_in(folder, name)}
        for name in list(sys.modules):
            if name.partition(".")[0] in beside:
                del sys.modules[name]


def _stands_in(folder: Path, name: str) -> bool:
    # Directly in the folder only: a virtual environment may lie below it, and what is installed there must stay loaded.
    file = getattr(sys.modules[name], "__file__", None)
    return file is not None and Path(file) in (folder / f"{name}.py", folder / name / "__init__.py")
