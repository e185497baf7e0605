"""Settings worth the way to the valve."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from dhsim.balancing.choosing import worth_turning_pa_s2_m6
from dhsim.balancing.valves import levels_pa_s2_m6, valve_kv_m3_h, valve_resistance_pa_s2_m6
from dhsim.balancing.workflow import open_workflow


def test_less_than_half_a_step_is_no_work(chosen_once: Path) -> None:
    at = open_workflow(chosen_once).last
    building, v = at.building, at.building.valve_ids.index("riser valve 1")
    kind, density = at.case.valve_types[v], at.building.fluid.density_kg_m3
    settings = building.resistance_valves_pa_s2_m6.copy()
    settings[v] = valve_resistance_pa_s2_m6(kind.kv_at_m3_h(1.88), density)  # the handwheel shows tenths
    off = dataclasses.replace(at, case=dataclasses.replace(at.case, building=building.with_valves(settings)))
    levels = levels_pa_s2_m6(off.building, off.case.valve_types)[v]
    kept = worth_turning_pa_s2_m6(off, v, levels)
    found = kind.position_at(valve_kv_m3_h(kept, density))
    assert np.isclose(found, 1.88).any()
    assert not np.isclose(found, 1.9).any()
    assert np.isclose(found, 1.8).any()
    assert np.isclose(found, 2.0).any()
    assert kept.size == levels.size  # one left out, the present one beside
