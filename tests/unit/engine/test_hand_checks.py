"""Section 4 of the Omsk method by hand, at one outdoor temperature for ever.

Gains, sun, imbalance, windows and pipe losses are off. Pump work would warm the rooms by some hundredths of a kelvin,
so nothing here needs much of it: where no mixing is asked for, the primary pressure alone moves the water
(`pumps.count: 0`); where mixing needs a pump, building circuits of 50 Pa keep its work at a few watts.
"""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.build.case import build_case
from dhsim.engine.simulation import simulate
from dhsim.scenario.load import load_scenario

T_N, DOT = 20.0, -37.0
HEATS_KW = (300.0, 270.0, 330.0)
NO_PUMP = {"count": 0}
WEAK_PUMP = {
    "count": 1,
    "flow_m3_h": [0, 30, 60],
    "head_m": [1.2, 1.0, 0.3],
    "efficiency_best": 0.6,
    "flow_best_m3_h": 40,
    "speed_min_rel": 0.05,
}


@pytest.fixture(scope="module")
def settled(omsk_folder):
    """The last step of a run long enough for walls of 80 h to settle."""

    def run(outdoor_c, policy="baseline", head="arithmetic", **overrides):
        quiet = {
            "buildings": [{"id": f"b{i}", "heat_design_kw": heat} for i, heat in enumerate(HEATS_KW)],
            "pipes": [],
            "building_types": {
                "residential": {
                    "radiator_head": head,
                    "dp_circuit_kpa": 0.05,
                    "gain_share_design": 0.0,
                    "aperture_solar_m2_per_kw": 0.0,
                    "window_share_per_k": 0.0,
                }
            },
            "weather": {"constant_temp_outdoor_c": outdoor_c},
            "heat_load.heating_season": "always",
            "time.days": 70,
            "time.step_min": 60,
            "plant.line": "design",
            "plant.overshoot_k": 0.0,
            "substation.flow_relative": 1.0,
            "substation.pumps": NO_PUMP if policy == "baseline" else WEAK_PUMP,
            "control.filter_h": 0.0,
            "economics.capex": [],
            "calibrated": {},
        }
        case = build_case(load_scenario(omsk_folder / f"{policy}.yaml", {**quiet, **overrides}))
        solution = simulate(case)
        assert not solution.warnings()
        last = {name: values[-1] for name, values in solution.arrays.items()}
        need = case.system.buildings.heat_design_w * (T_N - outdoor_c) / (T_N - DOT)
        return last, need

    return run


@pytest.mark.parametrize("outdoor_c", [-17.0, -10.0, -5.0, 0.0])
@pytest.mark.parametrize(("head", "within_k"), [("arithmetic", 0.01), ("log_mean", 0.05)])
def test_design_line_holds_rooms_at_twenty(settled, outdoor_c, head, within_k):
    last, need = settled(outdoor_c, head=head)
    assert last["power_pump_water_w"][0] == 0.0
    np.testing.assert_allclose(last["temp_indoor_c"], T_N, atol=within_k, rtol=0)
    # UA = Q_D / 57 K: the heat is off by as much as the room
    np.testing.assert_allclose(last["heat_flow_sh_w"] / need - 1.0, 0.0, atol=within_k / (T_N - outdoor_c))


@pytest.mark.parametrize("outdoor_c", [-17.0, -10.0, -5.0, 0.0])
def test_arithmetic_head_meets_the_curve_exactly(settled, outdoor_c):
    # eqs. (2)-(3) are the arithmetic head solved for the supply, so only rounding may be left
    last, need = settled(outdoor_c)
    np.testing.assert_allclose(last["temp_indoor_c"], T_N, atol=1e-9, rtol=0)
    np.testing.assert_allclose(last["heat_flow_sh_w"], need, rtol=1e-10)
    q = (T_N - outdoor_c) / (T_N - DOT)
    assert last["temp_supply_secondary_c"][0] == pytest.approx(T_N + 62.5 * q**0.8 + 67.5 * q, abs=1e-9)
    assert last["temp_return_secondary_c"][0] == pytest.approx(T_N + 62.5 * q**0.8 - 12.5 * q, abs=1e-9)


@pytest.mark.parametrize(("head", "room_c", "excess"), [("arithmetic", 23.25, 0.217), ("log_mean", 23.29, 0.219)])
def test_floor_at_plus_five_overheats(settled, head, room_c, excess):
    last, need = settled(5.0, head=head)
    assert last["temp_supply_primary_c"][0] == 70.0
    np.testing.assert_allclose(last["temp_indoor_c"], room_c, atol=0.005, rtol=0)
    np.testing.assert_allclose(last["heat_flow_sh_w"] / need - 1.0, excess, atol=5e-4, rtol=0)


@pytest.mark.parametrize("place", ["bypass_line", "secondary_supply", "secondary_return"])
def test_mixing_restores_twenty(settled, place):
    last, need = settled(5.0, "compensated", **{"substation.pump_place": place})
    assert last["mode"][0] == 1.0
    assert last["mixing_share_rel"][0] == pytest.approx(0.338, abs=5e-4)
    np.testing.assert_allclose(last["temp_indoor_c"], T_N, atol=0.01, rtol=0)
    np.testing.assert_allclose(last["heat_flow_sh_w"], need, rtol=0.01 / 15.0)
    # what is left over is the pump's heat, a few watts of 237 kW
    assert 0.0 < last["power_pump_water_w"][0] < 20.0


@pytest.mark.parametrize(("flow", "gain", "room_c"), [(1.0, 0.0, 13.0), (1.2, 0.0, 16.0), (1.2, 0.05, 18.0)])
@pytest.mark.parametrize("head", ["arithmetic", "log_mean"])
def test_hard_frost_underheats_on_the_operational_line(settled, flow, gain, room_c, head):
    # gains of 15 kW on walls that were sized without them
    last, _ = settled(
        -28.0,
        head=head,
        **{
            "plant.line": "operational",
            "substation.flow_relative": flow,
            "building_types.residential.gain_share_design": gain,
            "building_types.residential.ua_sizing": "without_gains",
        },
    )
    assert last["temp_supply_primary_c"][0] == pytest.approx(110.0)
    assert float(last["temp_indoor_c"].mean()) == pytest.approx(room_c, abs=0.5)


def test_walls_sized_with_gains_keep_the_design_curve(settled):
    # at the DOT gains and radiators together hold 20 degC
    last, _ = settled(
        DOT,
        **{
            "plant.temp_cap_c": 150.0,
            "building_types.residential.gain_share_design": 0.05,
        },
    )
    assert float(last["temp_indoor_c"].mean()) == pytest.approx(T_N, abs=0.3)


def test_imbalance_warms_the_fast_and_cools_the_slow(settled):
    buildings = [{"id": f"b{i}", "heat_design_kw": 300, "flow_factor": f} for i, f in enumerate((0.92, 1.0, 1.08))]
    last, _ = settled(-10.0, buildings=buildings)
    cold, fair, warm = last["temp_indoor_c"]
    assert cold < fair - 0.5
    assert warm > fair + 0.5
    assert fair == pytest.approx(T_N, abs=1e-6)


def test_windows_open_above_their_threshold(settled):
    shut, _ = settled(5.0, **{"plant.overshoot_k": 10.0})
    window = {"building_types.residential.window_share_per_k": 0.12}
    opened, _ = settled(5.0, **{"plant.overshoot_k": 10.0}, **window)
    assert shut["temp_indoor_c"][0] > 24.5
    assert 23.5 < opened["temp_indoor_c"][0] < shut["temp_indoor_c"][0] - 0.3
    assert opened["heat_flow_sh_w"][0] > shut["heat_flow_sh_w"][0]
