"""Small nets solved by OpenModelica and STANET, and analytic temperatures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dhsim.errors import ScenarioError
from dhsim.study.validation import heat_refs, pandapipes_refs
from dhsim.study.validation.open_line import solve_flows
from dhsim.study.validation.types import CaseResult, Verdict


@pytest.fixture(scope="module")
def water_cases(validation_folder: Path) -> list[CaseResult]:
    return pandapipes_refs.hydraulic_cases(validation_folder)


def unmet(case: CaseResult) -> list[str]:
    return [check.quantity for check in case.checks if check.verdict is not Verdict.PASSED]


def test_water_nets(water_cases: list[CaseResult]) -> None:
    """All but the pressure behind valves whose loss coefficient the reference itself did not use."""
    assert [name for case in water_cases for name in unmet(case)] == ["t_cross/valves: pressure"] * 2
    assert [len(case.checks) for case in water_cases] == [26, 32, 18, 20]


def test_every_net_is_in_one_case(validation_folder: Path, water_cases: list[CaseResult]) -> None:
    found = pandapipes_refs.nets(validation_folder / "pandapipes_refs" / "networks_handover.json")
    names = {check.quantity.partition(":")[0] for case in water_cases for check in case.checks}
    names |= {check.quantity.partition(":")[0] for check in heat_refs.heat_nets(validation_folder).checks}
    assert {name.split("/", 2)[2] for name in found} <= names


def test_friction_law_matters(validation_folder: Path) -> None:
    """The comparison can tell: Colebrook instead of Nikuradse is far outside of the criterion."""
    found = pandapipes_refs.nets(validation_folder / "pandapipes_refs" / "networks_handover.json")
    net = found["stanet_test_networks/water_cases/one_pipe/pipe_2_N"]
    own = solve_flows(net.line).pressure_pa[-1] / 1e5
    alike = solve_flows(net.line, law=pandapipes_refs.nikuradse).pressure_pa[-1] / 1e5
    assert abs(alike / net.pressure_bar[-1] - 1.0) < 3e-4
    assert abs(own / net.pressure_bar[-1] - 1.0) > 0.05


def test_closed_valve_and_pump(validation_folder: Path) -> None:
    found = pandapipes_refs.nets(validation_folder / "pandapipes_refs" / "networks_handover.json")
    closed = found["stanet_test_networks/water_cases/meshed_networks/two_valves_PC"]
    flow = solve_flows(closed.line).mass_flow_kg_s
    assert flow[-1] == pytest.approx(0.0, abs=1e-6)
    pumped = found["stanet_test_networks/water_cases/strand_net/pump_N"]
    pressure = solve_flows(pumped.line, law=pandapipes_refs.nikuradse).pressure_pa / 1e5
    assert pressure[2] - pressure[1] == pytest.approx(9.9635, rel=1e-4)


def test_analytic_temperatures(validation_folder: Path) -> None:
    case = heat_refs.analytic(validation_folder)
    assert len(case.checks) == 20
    assert unmet(case) == []
    assert max(abs(check.deviation) for check in case.checks) < 1e-5


def test_heat_nets_with_the_references_volumes(validation_folder: Path) -> None:
    checks = heat_refs.heat_nets(validation_folder).checks
    alike = [check for check in checks if "volumes alike" in check.quantity or "velocity" in check.quantity]
    assert len(alike) == 21
    assert [check.quantity for check in alike if check.verdict is not Verdict.PASSED] == []


def test_plug_flow_is_what_many_volumes_tend_to(validation_folder: Path) -> None:
    """What parts dhsim from the reference's temperatures is its coarse grid: with 2000 volumes nothing does."""
    found = pandapipes_refs.nets(validation_folder / "pandapipes_refs" / "networks_handover.json")
    net = found["openmodelica_test_networks/heat_transfer_cases/delta"]
    flow = solve_flows(net.line).mass_flow_kg_s
    inflow = np.array([5.0, 0.0, 0.0])
    given = (net.line.pipes, flow, inflow, np.array([70.0, 20.0, 20.0]), np.full(3, 20.0), 4180.0)
    exact = heat_refs.solve_temperatures(*given)[1]
    fine = heat_refs.solve_temperatures(*given, n_mixed=np.full(3, 2000))[1]
    assert fine == pytest.approx(exact, abs=0.05)


def test_a_broken_net_is_named(tmp_path: Path) -> None:
    file = tmp_path / "nets.json"
    file.write_text('{"one": {"junction": {"columns": [], "index": [], "data": []}}, "two": {}}')
    with pytest.raises(ScenarioError) as caught:
        pandapipes_refs.nets(file)
    assert [problem.key for problem in caught.value.problems] == ["one", "two"]
