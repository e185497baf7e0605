"""The pipe catalogue: dimensions against the standard series, heat loss against a maker's and a published formula's."""

from __future__ import annotations

import csv
from itertools import pairwise
from math import log, pi
from pathlib import Path

import numpy as np
import pytest

from dhsim.build.pipes import pipe_data
from dhsim.catalogue import number, table
from dhsim.physics.pipe_surroundings import twin_symmetric_resistance_mk_w
from dhsim.scenario.piping import PipeConstruction

EN_10220_MM = {
    20: 26.9, 25: 33.7, 32: 42.4, 40: 48.3, 50: 60.3, 65: 76.1, 80: 88.9, 100: 114.3, 125: 139.7, 150: 168.3,
    200: 219.1, 250: 273.0, 300: 323.9, 350: 355.6, 400: 406.4, 450: 457.0, 500: 508.0, 600: 610.0, 700: 711.0,
    800: 813.0, 900: 914.0, 1000: 1016.0,
}  # fmt: skip
"""Outer diameters of series 1."""
CASINGS_MM = {90, 110, 125, 140, 160, 180, 200, 225, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710, 800, 900, 1000,
              1100, 1200, 1300}  # fmt: skip

TWIN_MK_W = {
    20: 12.259, 25: 11.321, 32: 10.208, 40: 8.591, 50: 8.623, 65: 7.195, 80: 6.277, 100: 6.199, 125: 6.629, 150: 5.47,
    200: 4.878,
}  # fmt: skip
"""Of isoplus twin pipes: energyville/modesto, Twin200Compound1000.csv; foam 0.027, soil 1.8 W/(m K), cover 0.8 m."""

ASSUMED = {"conductivity_insulation_w_mk": 0.027, "conductivity_soil_w_mk": 1.2}
COVER_M, CLEARANCE_M = 0.8, 0.15
"""The maker's assumptions are not printed beside the figures; these are usual ones, chosen beforehand."""


def test_steel_has_the_diameters_of_the_standard() -> None:
    rows = [row for name in ("pipes", "pipes_twin", "pipes_u") for row in table(name).values()]
    assert {number(row, "dn") for row in rows if row["family"] == "en253"} == set(EN_10220_MM)
    for row in rows:
        if row["family"] != "gost30732":
            assert number(row, "diameter_outer_mm") == EN_10220_MM[int(number(row, "dn"))], row["id"]


def test_ids_are_unique_over_the_tables() -> None:
    ids = [id for name in ("pipes", "pipes_twin", "pipes_u") for id in table(name)]
    assert len(ids) == len(set(ids))


def test_casings_are_standard_and_leave_room_for_foam() -> None:
    for row in (*table("pipes").values(), *table("pipes_twin").values()):
        casing_mm = number(row, "diameter_casing_mm")
        assert casing_mm in CASINGS_MM, row["id"]
        foam_mm = 0.5 * (casing_mm - number(row, "diameter_outer_mm")) - number(row, "wall_casing_mm")
        assert 15.0 < foam_mm < 200.0, row["id"]


def test_diameters_rise_with_the_nominal_one_and_casings_with_the_series() -> None:
    rows = list(table("pipes").values())
    for family, series in {(row["family"], row["series"]) for row in rows}:
        line = [row for row in rows if (row["family"], row["series"]) == (family, series)]
        for small, large in pairwise(line):
            assert number(small, "diameter_outer_mm") < number(large, "diameter_outer_mm")
            assert number(small, "diameter_casing_mm") <= number(large, "diameter_casing_mm")
            assert number(small, "wall_mm") <= number(large, "wall_mm")
    for thin, thick in pairwise(rows):
        if thin["family"] == thick["family"] and thin["diameter_outer_mm"] == thick["diameter_outer_mm"]:
            assert number(thin, "diameter_casing_mm") < number(thick, "diameter_casing_mm")


def test_dimensions_are_those_of_the_collected_facts(validation_folder: Path) -> None:
    folder = validation_folder / "pipe_catalogue"
    with (folder / "en253_steel_dimensions.csv").open(encoding="utf-8") as file:
        for fact in csv.DictReader(file):
            for series in (1, 2, 3):
                row = table("pipes")[f"en253_dn{fact['DN']}_s{series}"]
                assert number(row, "diameter_outer_mm") == float(fact["steel_od_mm"])
                assert number(row, "wall_mm") == float(fact["wall_mm"])
                assert number(row, "diameter_casing_mm") == float(fact[f"casing_series{series}_mm"])
    with (folder / "gost30732_steel_ppu_pe.csv").open(encoding="utf-8") as file:
        for fact in csv.DictReader(file):
            for type_ in (1, 2):
                row = table("pipes")[f"gost30732_{fact['steel_od_mm']}_t{type_}"]
                assert number(row, "diameter_casing_mm") == float(fact[f"casing_type{type_}_mm"])


def deviations_from_isoplus(conductivity_soil_w_mk: float) -> dict[str, float]:
    """Relative deviation of the computed heat loss from the maker's, for each pipe that both tables have."""
    found = {}
    for id, maker in table("pipes_u").items():
        pipe = f"en253_dn{number(maker, 'dn'):g}_s{number(maker, 'series'):g}"
        casing_m = 1e-3 * number(table("pipes")[pipe], "diameter_casing_mm")
        said = {"depth_m": COVER_M + 0.5 * casing_m, "distance_axes_m": casing_m + CLEARANCE_M}
        site = {**ASSUMED, **said, "conductivity_soil_w_mk": conductivity_soil_w_mk}
        data = pipe_data(PipeConstruction.model_validate({"pipe": pipe, **site}))
        found[id] = data.u_supply_w_mk / number(maker, "u_w_mk") - 1.0
    return found


def test_heat_loss_against_the_makers() -> None:
    """Foam 0.027, soil 1.2, cover 0.8 m: 2.5 to 7.7 % above all 62 figures; with dry soil (1.0) 0.8 to 3.4 %.

    The casings of DN 450 and 500 came from today's sizes, so that they are no independent check; they are in the range
    of the others.
    """
    usual, dry = (np.array(list(deviations_from_isoplus(soil).values())) for soil in (1.2, 1.0))
    assert usual.size == dry.size == 62
    assert 0.02 < usual.min() < usual.max() < 0.08
    assert 0.0 < dry.min() < dry.max() < 0.04


@pytest.mark.parametrize("dn", TWIN_MK_W)
def test_twin_formula_reproduces_published_resistances(dn: int) -> None:
    """Whoever published them put the steel's inner radius where the outer belongs; with it they come out to a digit."""
    row = table("pipes_twin")[f"isoplus_twin_dn{dn}_std"]
    casing_m = 1e-3 * number(row, "diameter_casing_mm")
    inner_m = 1e-3 * (number(row, "diameter_outer_mm") - 2.0 * number(row, "wall_mm"))
    distance_m = 1e-3 * number(row, "distance_axes_mm")
    foam = twin_symmetric_resistance_mk_w(inner_m, casing_m, distance_m, 0.027, 1.8)
    soil = 2.0 * log(4.0 * (0.8 + 0.5 * casing_m) / casing_m) / (2.0 * pi * 1.8)
    assert foam + soil == pytest.approx(TWIN_MK_W[dn], abs=6e-4)
