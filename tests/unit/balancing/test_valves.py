from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhsim import catalogue
from dhsim.balancing.synthetic_building import toy_building
from dhsim.balancing.valves import (
    catalogue_valve,
    levels_pa_s2_m6,
    make_valve_type,
    rounded_pa_s2_m6,
    valve_kv_m3_h,
    valve_resistance_pa_s2_m6,
    valve_settings,
)
from dhsim.errors import CatalogueError, DhsimError

WITH_TABLE = sorted(name for name, row in catalogue.table("valves").items() if row["scale"] != "kpa")
STAD_DN15 = {0.5: 0.127, 1.0: 0.212, 1.5: 0.314, 2.0: 0.571, 2.5: 0.877, 3.0: 1.38, 3.5: 1.98, 4.0: 2.52}


@pytest.mark.parametrize("name", WITH_TABLE)
def test_every_table_ascends_between_its_points(name: str) -> None:
    kind = catalogue_valve(name)
    fine = kind.kv_at_m3_h(np.linspace(kind.positions[0], kind.positions[-1], 2001))
    assert (np.diff(fine) > 0.0).all()
    np.testing.assert_allclose(kind.kv_at_m3_h(kind.positions), kind.kv_m3_h, rtol=1e-12)


@pytest.mark.parametrize("name", WITH_TABLE)
def test_positions_come_back_from_their_kv(name: str) -> None:
    kind = catalogue_valve(name)
    np.testing.assert_allclose(kind.position_at(kind.kv_at_m3_h(kind.settable)), kind.settable, atol=1e-9)
    assert np.array_equal(kind.nearest(kind.kv_at_m3_h(kind.settable)), kind.settable)


def test_every_setting_belongs_to_a_valve_and_says_how_sure_it_is() -> None:
    valves = catalogue.table("valves")
    for row in catalogue.table("valve_settings").values():
        assert row["valve"] in valves
        assert row["check"] in ("verified", "unverified")
    for name in WITH_TABLE:
        checks = {row["check"] for row in catalogue.table("valve_settings").values() if row["valve"] == name}
        told = {frozenset({"verified"}): "verified", frozenset({"unverified"}): "unverified"}
        assert valves[name]["check"] == told.get(frozenset(map(str, checks)), "partly")


def test_stad_dn15_has_the_manufacturers_figures() -> None:
    stad = catalogue_valve("stad_dn15")
    assert dict(zip(stad.positions, stad.kv_m3_h, strict=True)) == STAD_DN15
    assert stad.settable.size == 36  # tenths of a turn
    assert stad.label(2.3) == "2.3"


def test_a_preset_with_a_word_at_its_end() -> None:
    ra_n = catalogue_valve("ra_n_15")
    assert ra_n.settable.tolist() == [*np.arange(1.0, 7.5, 0.5), 8.0]  # nothing between 7 and N
    assert (ra_n.position_of("N"), ra_n.position_of("n"), ra_n.position_of(3)) == (8.0, 8.0, 3.0)
    assert ra_n.label(8.0) == "N"
    assert ra_n.nearest([9.0, 1e-3, 0.73]).tolist() == [8.0, 1.0, 8.0]


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        (lambda kind: kind.kv_at_m3_h(4.2), "STAD DN 15: a setting of 4.2 is beyond its range, 0.5 to 4 turns"),
        (lambda kind: kind.kv_at_m3_h([1.0, np.nan]), "a setting of nan is beyond its range"),
        (lambda kind: kind.position_at([1.0, 2.6]), r"Kv 2.6 m3/h is beyond its range, 0.127 to 2.52 m3/h"),
        (lambda kind: kind.position_of("open"), "no setting 'open' on its scale, 0.5 to 4 turns"),
    ],
)
def test_what_is_beyond_the_scale_is_refused(action: Any, problem: str) -> None:
    with pytest.raises(DhsimError, match=problem):
        action(catalogue_valve("stad_dn15"))


def test_unknown_valves_and_pressure_controllers_are_refused() -> None:
    with pytest.raises(CatalogueError, match="did you mean 'stad_dn50'"):
        catalogue_valve("stad_dn51")
    with pytest.raises(DhsimError, match="holds a pressure difference"):
        catalogue_valve("asv_pv_dn20")


@pytest.mark.parametrize(
    "table",
    [([1.0], [1.0]), ([1.0, 2.0], [2.0, 1.0]), ([2.0, 1.0], [1.0, 2.0]), ([1.0, 2.0], [0.0, 1.0]), ([1, 2], [1, 2, 3])],
)
def test_tables_that_are_none_are_refused(table: tuple[list[float], list[float]]) -> None:
    with pytest.raises(DhsimError, match="own"):
        make_valve_type("own", *table)


@given(kv=st.floats(0.01, 50.0), density=st.floats(950.0, 1000.0))
def test_resistance_is_what_a_bar_says(kv: float, density: float) -> None:
    k = float(valve_resistance_pa_s2_m6(kv, density))
    assert k == pytest.approx(1.296e12 / kv**2 * density / 1000.0, rel=1e-12)
    assert k * (kv / 3600.0) ** 2 == pytest.approx(1e5 * density / 1000.0, rel=1e-12)  # Kv at 1 bar of cold water
    assert float(valve_kv_m3_h(k, density)) == pytest.approx(kv, rel=1e-12)


def test_settings_of_a_building_are_told_in_words() -> None:
    building, ra_n = toy_building(), catalogue_valve("ra_n_15")
    types = [ra_n, ra_n, None]
    density = building.fluid.density_kg_m3
    k = np.array([*valve_resistance_pa_s2_m6(ra_n.kv_at_m3_h([4.5, 8.0]), density), 2e12])
    said = valve_settings(building, types, k)
    assert [one.label for one in said[:2]] == ["4.5 on the scale", "N on the scale"]
    assert said[2].label == f"Kv {np.sqrt(1.296e9 * density / 2e12):.3g} m3/h"
    assert np.isnan(said[2].position)
    between = valve_settings(building, types, [valve_resistance_pa_s2_m6(ra_n.kv_at_m3_h(4.27), density), k[1], k[2]])
    assert between[0].label == "4.27 on the scale"


def test_settings_beyond_a_scale_name_the_valve() -> None:
    building, ra_n = toy_building(), catalogue_valve("ra_n_15")
    wide = valve_resistance_pa_s2_m6([0.3, 3.0, 0.3], building.fluid.density_kg_m3)
    with pytest.raises(DhsimError, match=r"Kv 3 m3/h is beyond its range.*\(valves valve 1\)"):
        valve_settings(building, [ra_n] * 3, wide)
    with pytest.raises(DhsimError, match="3 valves, but 2 types"):
        valve_settings(building, [None, None])


def test_rounding_takes_the_nearest_level_within_the_range() -> None:
    building, ra_n = toy_building(), catalogue_valve("ra_n_15")
    types = [ra_n, ra_n, None]
    levels = levels_pa_s2_m6(building, types)
    assert sorted(levels) == [0, 1]
    assert (np.diff(levels[0]) > 0.0).all()
    low, high = building.resistance_min_pa_s2_m6[building.valves], building.resistance_max_pa_s2_m6[building.valves]
    assert levels[0][0] >= low[0]
    assert levels[0][-1] <= high[0]
    wanted = np.array([1.03 * levels[0][3], 0.98 * levels[1][5], 7e12])
    assert rounded_pa_s2_m6(building, types, wanted).tolist() == [levels[0][3], levels[1][5], 7e12]
