"""Ctrl-C while the solver runs: it ends the run, however CasADi and IPOPT tell of it."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from typer.testing import CliRunner

from dhsim.balancing import lifted, vertices
from dhsim.balancing.pareto import pareto
from dhsim.balancing.synthetic_building import toy_building
from dhsim.cli import app

pytest.importorskip("casadi", reason="the Pareto optimiser needs the extra [balancing]")


class Told:
    """A solver that tells how it ended."""

    def __init__(self, status: str = "", error: str = "") -> None:
        self.status, self.error = status, error

    def __call__(self, **given: object) -> dict[str, object]:
        if self.error:
            raise RuntimeError(self.error)
        return given

    def stats(self) -> dict[str, object]:
        return {"return_status": self.status, "success": self.status == "Solve_Succeeded"}


@pytest.mark.parametrize(
    "solver", [Told("User_Requested_Stop"), Told("NonIpopt_Exception_Thrown"), Told(error="at 514:\nKeyboardInterrupt")]
)
def test_an_interrupt_that_the_solver_took_for_itself_is_passed_on(solver) -> None:
    with pytest.raises(KeyboardInterrupt):
        lifted.solved(solver, x0=1.0)


def test_other_ends_are_told() -> None:
    assert lifted.solved(Told("Solve_Succeeded"), x0=1.0) == ({"x0": 1.0}, True)
    assert lifted.solved(Told("Maximum_Iterations_Exceeded"))[1] is False
    with pytest.raises(RuntimeError, match="out of memory"):
        lifted.solved(Told(error="out of memory"))


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch):
    """Every solver gets a signal, of which Python makes a KeyboardInterrupt, after a millisecond's work of its own."""
    if not hasattr(signal, "setitimer"):
        pytest.skip("no interval timers here")
    inner, before = lifted.solved, signal.signal(signal.SIGVTALRM, signal.default_int_handler)

    def armed(solver, **given):
        signal.setitimer(signal.ITIMER_VIRTUAL, 1e-3)
        return inner(solver, **given)

    monkeypatch.setattr(lifted, "solved", armed)
    monkeypatch.setattr(vertices, "solved", armed)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
    signal.signal(signal.SIGVTALRM, before)


def test_a_signal_ends_the_search(interrupted) -> None:
    with pytest.raises(KeyboardInterrupt):
        pareto(toy_building(), np.array([1.0, 0.8, 1.3]), np.array([1.1, 1.0, 0.9]), effort=20.0)


def test_a_signal_ends_the_command_and_nothing_is_written(interrupted, work, chosen_once) -> None:
    folder = work(chosen_once)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = CliRunner().invoke(app, ["balance", "front", str(folder)])
    assert result.exit_code == 130, result.output
    assert "nothing was written" in result.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
