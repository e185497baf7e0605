from __future__ import annotations

import itertools

import pytest

from dhsim import catalogue
from dhsim.errors import CatalogueError

LHV_MENDELEEV_PERCENT = (
    ("carbon", 339.0),
    ("hydrogen", 1030.0),
    ("oxygen", -108.5),
    ("sulphur", 108.5),
    ("water", -25.0),
)


@pytest.mark.parametrize("name", catalogue.table_names())
def test_every_shipped_table_reads_and_names_its_sources(name):
    rows = catalogue.table(name)
    assert rows
    assert all(str(row["source"]).strip() for row in rows.values())
    assert all(row["id"] == key for key, row in rows.items())


def test_tables_this_package_cannot_do_without_are_there():
    assert {"fuels", "pumps", "unit_costs", "electricity"} <= set(catalogue.table_names())


def test_rows_are_read_only_and_read_once():
    row = catalogue.entry("fuels", "ekibastuz_ss")
    assert row is catalogue.entry("fuels", "ekibastuz_ss")
    with pytest.raises(TypeError):
        row["ash_percent"] = 0.0  # type: ignore[index]


def test_unknown_id_is_answered_with_the_nearest_and_the_list():
    with pytest.raises(CatalogueError, match=r"fuels: no entry 'ekibastus_ss'; did you mean 'ekibastuz_ss'\?.*methane"):
        catalogue.entry("fuels", "ekibastus_ss")


@pytest.mark.parametrize("name", ["fuel", "../fuels", "no_such"])
def test_unknown_table_is_an_error_with_the_list(name):
    with pytest.raises(CatalogueError, match=r"no catalogue table .*unit_costs"):
        catalogue.table(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("name,source\na,b\n", "t.csv:1: the first column must be 'id'"),
        ("id,name\na,b\n", "t.csv:1: a column 'source' is missing"),
        ("id,source\na,\n", "t.csv:2: source is empty"),
        ("id,source\na,b\na,b\n", "t.csv:3: id 'a' again"),
        ("id,cost_eur,source\na,cheap,b\n", "t.csv:2: cost_eur: not a number"),
        ("id,cost_eur,source\na,nan,b\n", "t.csv:2: cost_eur: not a number"),
        ("id,efficiency_best,source\na,,b\n", "t.csv:2: efficiency_best: not a number"),
        ("# remark\nid,head_points_m,source\na,1;x,b\n", "t.csv:3: head_points_m: not a number"),
        ("id,cost_eur,source\na,1,b,c\n", "t.csv:2: 4 cells under 3 columns"),
        ('id,source\na,"open\n', "broken quotes"),
    ],
)
def test_broken_tables_are_refused_with_file_and_line(text, message):
    with pytest.raises(CatalogueError) as caught:
        catalogue.parse_table(text, "t.csv")
    assert message in str(caught.value)


def test_all_problems_come_at_once():
    with pytest.raises(CatalogueError) as caught:
        catalogue.parse_table("id,cost_eur,source\na,x,\nb,y,z\n", "t.csv")
    assert len(str(caught.value).splitlines()) == 3


def test_number_refuses_text_and_points_refuse_what_is_no_list():
    row = catalogue.parse_table("id,head_points_m,unit,source\na,3;2;1,m,b\n", "t.csv")["a"]
    assert catalogue.points(row, "head_points_m") == (3.0, 2.0, 1.0)
    with pytest.raises(CatalogueError, match="holds no number"):
        catalogue.number(row, "unit")
    with pytest.raises(CatalogueError, match="holds no list"):
        catalogue.points(row, "unit")


@pytest.mark.parametrize("fuel", catalogue.table("fuels"))
def test_fuel_adds_up_and_its_heating_value_fits_its_composition(fuel):
    row = catalogue.entry("fuels", fuel)
    shares = [value for key, value in row.items() if key.endswith("_percent")]
    by_formula = 1e3 * sum(factor * catalogue.number(row, f"{part}_percent") for part, factor in LHV_MENDELEEV_PERCENT)
    assert sum(shares) == pytest.approx(100.0, abs=0.05)
    assert row["lhv_j_kg"] == pytest.approx(by_formula, rel=0.03)


@pytest.mark.parametrize("pump", catalogue.table("pumps"))
def test_pump_curve_falls_and_its_motor_carries_it(pump):
    row = catalogue.entry("pumps", pump)
    flow, head = catalogue.points(row, "flow_points_m3_h"), catalogue.points(row, "head_points_m")
    assert len(flow) == len(head) >= 3
    assert all(b > a for a, b in itertools.pairwise(flow))
    assert all(b < a for a, b in itertools.pairwise(head))
    best = catalogue.number(row, "flow_best_m3_h")
    assert flow[0] == 0.0
    assert best < flow[-1]
    head_best = head[0] - (head[0] - head[-1]) * (best / flow[-1]) ** 2
    shaft_kw = 9.81 * best / 3.6 * head_best / catalogue.number(row, "efficiency_best") / 1e3
    assert shaft_kw < catalogue.number(row, "power_motor_kw") < 3 * shaft_kw


def test_prices_not_from_the_paper_say_so():
    for row in catalogue.table("unit_costs").values():
        assert "10.3390/en18112772" in row["source"] or "no published source" in row["source"]
