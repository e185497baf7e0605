"""dhsim: a simulator of group substations and an evaluator of control strategies.

    scenario = dhsim.load_scenario("scenarios/omsk/baseline.yaml")
    case = dhsim.build_case(scenario)
    solution = dhsim.simulate(case)
    score = dhsim.assess(solution, case)
    table = dhsim.compare({"baseline": score, "bypass": other})

and of networks of pipes alone:

    solution = dhsim.solve_network("scenarios/networks/village.yaml")
    history = dhsim.run_network("scenarios/networks/village.yaml", "series.csv", plug_flow=True)

The names are imported when they are first used (PEP 562), so that `dhsim --help` is instant; `__init__.pyi` declares
the same names for editors and type checkers.
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

_ROOM_OF_NAME = {
    "Building": "dhsim.model.building",
    "Case": "dhsim.model.case",
    "ConvergenceError": "dhsim.errors",
    "Decision": "dhsim.control.strategy",
    "DhsimError": "dhsim.errors",
    "NetworkSolution": "dhsim.study.network_types",
    "Run": "dhsim.study.types",
    "Scenario": "dhsim.scenario.schema",
    "ScenarioError": "dhsim.errors",
    "Scorecard": "dhsim.assess.types",
    "Solution": "dhsim.solution",
    "assess": "dhsim.assess",
    "build_case": "dhsim.build",
    "build_network": "dhsim.build.network",
    "compare": "dhsim.study.compare",
    "compare_runs": "dhsim.study.compare",
    "identify": "dhsim.balancing.identification",
    "load_network": "dhsim.scenario.network_read",
    "load_scenario": "dhsim.scenario.load",
    "load_scenarios": "dhsim.scenario.load",
    "pareto": "dhsim.balancing.pareto",
    "performance": "dhsim.balancing.performance",
    "run": "dhsim.study.run",
    "run_network": "dhsim.study.network",
    "simulate": "dhsim.engine",
    "simulate_building": "dhsim.engine.circuit",
    "solve_flows": "dhsim.model.building_hydraulics",
    "solve_network": "dhsim.study.network",
}

__all__ = ["__version__", *_ROOM_OF_NAME]


def __getattr__(name: str) -> object:
    """Import a public name at its first use."""
    if name not in _ROOM_OF_NAME:
        raise AttributeError(f"module 'dhsim' has no attribute {name!r}")
    room = importlib.import_module(_ROOM_OF_NAME[name])
    # the room dhsim.assess is itself callable, so that the name means the same before and after it is imported
    found: object = room if room.__name__ == f"dhsim.{name}" else getattr(room, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
