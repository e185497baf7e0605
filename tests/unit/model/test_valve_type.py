"""The catalogue of valves against what its sources say of each type, and the way past the catalogue."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim import catalogue
from dhsim.errors import CatalogueError
from dhsim.model.valve_type import catalogue_valve, make_valve_type

FULLY_OPEN_KV_M3_H = {
    **{"stad_dn10": 1.47, "stad_dn15": 2.52, "stad_dn20": 5.7, "stad_dn25": 8.7, "stad_dn32": 14.2, "stad_dn40": 19.2},
    **{"stad_dn50": 33.0, "stad_pn25_dn10": 1.36, "stad_pn25_dn15": 2.56, "stad_pn25_dn20": 5.39},
    **{"stad_pn25_dn25": 8.59, "stad_pn25_dn32": 14.2, "stad_pn25_dn40": 19.3, "stad_pn25_dn50": 32.3},
    **{"ra_n_10": 0.56, "ra_n_15": 0.73, "ra_n_20": 1.04, "ra_n_25": 1.04, "oventrop_av_9": 0.67, "oventrop_af": 0.323},
    **{"v2000_sx": 0.54, "v2000_sx_axial": 0.51, "v2000_fx": 0.22, "v_exact_ii": 0.67},
}
"""As the sources give it apart from the table, or its last line; radiator valves at 2 K."""
WITH_TABLE = sorted(name for name, row in catalogue.table("valves").items() if row["scale"] != "kpa")
STAD_DN = (10, 15, 20, 25, 32, 40, 50)


@pytest.mark.parametrize(("name", "kv_m3_h"), FULLY_OPEN_KV_M3_H.items())
def test_the_last_setting_is_the_open_valve(name: str, kv_m3_h: float) -> None:
    kind = catalogue_valve(name)
    assert kind.kv_m3_h[-1] == kv_m3_h
    assert kind.nearest(1e3) == kind.positions[-1]


@pytest.mark.parametrize("name", WITH_TABLE)
def test_every_table_is_of_a_size_that_its_valve_can_have(name: str) -> None:
    kind, row = catalogue_valve(name), catalogue.entry("valves", name)
    bore_m3_h = 3600.0 * 0.25 * np.pi * (1e-3 * catalogue.number(row, "dn")) ** 2 * np.sqrt(2.0 * 1e5 / 1000.0)
    assert kind.kv_m3_h[-1] < 1.5 * bore_m3_h  # of a free jet at 1 bar; another unit would be ten times out
    assert kind.kv_m3_h[0] > 1e-3 * bore_m3_h
    assert 2.0 < kind.kv_m3_h[-1] / kind.kv_m3_h[0] < 30.0
    assert row["source"] == kind.source != ""


@pytest.mark.parametrize("dn", STAD_DN)
def test_the_stad_of_pn_25_is_near_the_one_of_pn_20(dn: int) -> None:
    older, newer = catalogue_valve(f"stad_dn{dn}"), catalogue_valve(f"stad_pn25_dn{dn}")
    assert older.positions == newer.positions
    ratio = np.array(newer.kv_m3_h) / np.array(older.kv_m3_h)
    assert ((ratio > 0.92) & (ratio < 1.13)).all()


def test_stad_pn_25_and_av_9_have_their_sources_figures() -> None:
    assert catalogue_valve("stad_pn25_dn20").kv_m3_h == (0.533, 0.781, 1.22, 1.95, 2.71, 3.71, 4.51, 5.39)
    assert catalogue_valve("oventrop_av_9").kv_m3_h == (0.05, 0.09, 0.14, 0.2, 0.26, 0.32, 0.43, 0.57, 0.67)
    assert catalogue_valve("ra_n_25").kv_m3_h == catalogue_valve("ra_n_20").kv_m3_h


def test_a_preset_without_steps_between_is_set_to_whole_numbers() -> None:
    kind = catalogue_valve("v2000_sx")
    assert kind.settable.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert kind.label(float(kind.nearest(0.2))) == "3"


def test_only_tables_that_two_sources_bear_out_pass_as_verified() -> None:
    assert catalogue_valve("ra_n_15").verified
    assert catalogue_valve("oventrop_av_9").verified
    assert not catalogue_valve("stad_pn25_dn20").verified
    assert not catalogue_valve("stad_dn20").verified  # part of it


def test_a_valve_that_is_not_there_says_how_to_bring_it() -> None:
    with pytest.raises(CatalogueError, match=r"no entry 'asv_bd'.*; make_valve_type takes the table of a valve"):
        catalogue_valve("asv_bd")
    own = make_valve_type("asv_bd", [1.0, 2.0, 3.0], [0.5, 1.0, 2.0], source="made up for this test")
    assert float(own.kv_at_m3_h(2.0)) == pytest.approx(1.0, rel=1e-12)
