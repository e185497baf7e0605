"""What all commands share: errors in words, progress, and files that are whole or not there. Imports nothing heavy."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dhsim.errors import DhsimError

if TYPE_CHECKING:
    from rich.console import Console

    from dhsim.report.series import Format

_SERIES_FORMATS: tuple[Format, ...] = ("csv", "parquet")
_PIPE_WIDTH = 160
"""Characters a line where stdout is no terminal."""
_INTERRUPTED = 130


def say(text: str) -> None:
    """Write to stderr: stdout holds results only."""
    typer.echo(text, err=True)


def series_formats(text: str) -> tuple[Format, ...]:
    """Return the formats named in an option."""
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    known = tuple(kind for kind in _SERIES_FORMATS if kind in wanted)
    if not wanted or set(wanted) - set(known):
        raise DhsimError(f"--formats: got {text!r}; it takes {', '.join(_SERIES_FORMATS)}, separated by commas")
    return known


def require_writable(folder: Path | None) -> None:
    """Refuse before the simulation what could not be written after it; leave nothing behind."""
    if folder is None:
        return
    ancestor = folder
    while not ancestor.exists() and ancestor != ancestor.parent:
        ancestor = ancestor.parent
    try:
        with tempfile.TemporaryFile(dir=ancestor):
            pass
    except OSError as error:
        raise DhsimError(f"cannot write to {folder}: {error.strerror or error}") from error


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """Give a folder beside the place; what was written into it moves there only when all of it is whole."""
    is_new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".writing-") as staging:
            folder = Path(staging)
            yield folder
            written = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
            for path in written:
                (out / path).parent.mkdir(parents=True, exist_ok=True)
                os.replace(folder / path, out / path)
    except OSError as error:
        raise DhsimError(f"cannot write to {out}: {error.strerror or error}") from error
    finally:
        if is_new:
            with suppress(OSError):  # it holds something, or was never made
                out.rmdir()
    say(f"wrote {', '.join(str(path) for path in written)} to {out}")


def console() -> Console:
    """Return the console of stdout, wide enough where that is no terminal."""
    from rich.console import Console

    made = Console(highlight=False, markup=False)
    if not made.is_terminal:
        made.width = max(made.width, _PIPE_WIDTH)
    return made


@contextmanager
def progress(what: str) -> Iterator[Callable[[float], None]]:
    """Give a function that takes the share done; on a terminal it draws a bar on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    on = Console(stderr=True)
    with Progress(*columns, console=on, transient=True, disable=not on.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


@contextmanager
def spoken_errors() -> Iterator[None]:
    """Turn what may go wrong on purpose into a message on stderr and an exit code."""
    try:
        yield
    except DhsimError as error:
        say(str(error))
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        say("stopped; nothing was written")
        raise typer.Exit(_INTERRUPTED) from error
    except BrokenPipeError as error:
        # the reader of stdout (head, less) has gone: there is nobody left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from error
