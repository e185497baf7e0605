"""The decorators: one formula for people and for the kernel, and a compiled cache that follows every source change."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar, overload

import numba
import numpy as np
from numba.np.ufunc.dufunc import DUFunc
from numpy.typing import NDArray

_PACKAGE = Path(__file__).parent
_KEPT_CACHES = 4
_KERNEL_OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "nogil": True, "_nrt": False}
_Function = TypeVar("_Function", bound=Callable[..., Any])


class Elementwise(Protocol):
    """A scalar formula that also takes arrays and Series, element by element."""

    __name__: str

    @overload
    def __call__(self, *args: float) -> float: ...
    @overload
    def __call__(self, *args: Any) -> NDArray[np.float64]: ...


def jit_disabled() -> bool:
    """Return whether NUMBA_DISABLE_JIT asks for plain Python, for coverage and debuggers."""
    return bool(numba.config.DISABLE_JIT)


@functools.cache
def cache_folder() -> Path:
    """Return the folder of the compiled code: one a state of the package's sources and a numba version.

    numba stamps a cache entry with the hash of the caller's own file only, so an entry would survive a change of a
    formula that it calls; naming the folder by a hash of all sources makes that impossible.
    """
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__} {sys.version} {_PACKAGE}".encode())
    for source in sorted(_PACKAGE.rglob("*.py")):
        digest.update(str(source.relative_to(_PACKAGE)).encode())
        digest.update(source.read_bytes())
    return _cache_root() / digest.hexdigest()[:16]


def _cache_root() -> Path:
    named = os.environ.get("DHSIM_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("dhsim", appauthor=False)) / "compiled"


def _with_cache(decorate: Callable[[], Any]) -> Any:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a read-only home: numba then falls back to its own choice
        return decorate()
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        return decorate()
    finally:
        numba.config.CACHE_DIR = before


class _Formula(DUFunc):
    """A numba ufunc that answers single numbers in plain Python: building its loop takes 40 ms in every process."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or not all(isinstance(arg, (float, int)) for arg in args):
            return super().__call__(*args, **kwargs)
        return np.float64(self.__wrapped__(*args))


def elementwise(formula: Callable[..., float]) -> Elementwise:
    """Let floats, arrays, Series and compiled code all call one scalar formula.

    Positional arguments, one result. Single numbers are answered by the plain function, arrays by its compiled loop.
    With NUMBA_DISABLE_JIT=1 numpy.vectorize takes the loop's place.
    """
    if jit_disabled():
        plain = np.vectorize(formula, otypes=[np.float64])

        @functools.wraps(formula)
        def call(*args: Any) -> Any:
            if all(np.ndim(arg) == 0 for arg in args):
                return np.float64(formula(*args))
            return plain(*args)

        return call
    made: Elementwise = _with_cache(lambda: _Formula(formula, cache=True, targetoptions={"nopython": True}))
    return made


def compiled(function: _Function) -> _Function:
    """Compile a function of arrays and scalars for the kernel; division by zero gives inf or NaN, as in NumPy.

    It may not make arrays, only write into those it is given: without numba's counting of references, which costs more
    than the formulas, there is nothing to free. A function that makes one anyway does not compile.
    """
    made: _Function = _with_cache(lambda: numba.njit(**_KERNEL_OPTIONS)(function))
    return made


def inlined(function: _Function) -> _Function:
    """Compile as `compiled` does, and paste the function into its callers: for what takes whole tuples of arrays."""
    made: _Function = _with_cache(lambda: numba.njit(inline="always", **_KERNEL_OPTIONS)(function))
    return made


def compilation_pending() -> bool:
    """Return whether the next simulation has to compile first (nothing of this version is cached yet)."""
    return not jit_disabled() and not (cache_folder() / "kernel.done").exists()


def mark_compiled() -> None:
    """Remember that the kernel is in the cache, and drop the caches of older sources."""
    if jit_disabled() or not cache_folder().is_dir():
        return
    (cache_folder() / "kernel.done").touch()
    others = [path for path in cache_folder().parent.iterdir() if path.is_dir() and path != cache_folder()]
    for old in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT_CACHES - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
