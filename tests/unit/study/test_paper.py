"""The paper page: a row a figure, verdicts that follow the numbers, and numbers that stand in the paper."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dhsim.assess.types import ComfortScore, EconomicScore, EmissionScore, EnergyScore, HeatSplit, Scorecard
from dhsim.catalogue import entry
from dhsim.errors import Status
from dhsim.model.assumptions import Assumptions, CapexLine, Economics, Emissions, Fuel, Tariff
from dhsim.model.boundary import ABOVE_CPT, BELOW_CPT, N_CLASS, N_GROUP, OUT_OF_SEASON, Boundary, BoundaryArrays
from dhsim.model.case import Case, Strategy
from dhsim.model.system import Buildings, Comfort, Control, Curve, FlowLaw, Pumps, Substation, System
from dhsim.network.parts import Line, Nodes
from dhsim.solution import Solution
from dhsim.study.paper import COLUMNS, COMPUTATIONS, paper_markdown, paper_page
from dhsim.study.paper_figures import Evidence, Figure, Finding, Verdict, graded, judged, load_figures, numbers, shown
from dhsim.study.paper_money import staged_flow
from dhsim.study.types import Run

DAYS = 365
TIME = pd.date_range("2021-01-01", periods=DAYS, freq="D")
OUTDOOR_C = 2.2 - 19.0 * np.cos(2.0 * np.pi * (np.arange(DAYS) - 15.0) / DAYS)
POLICIES = ("baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim")
DENSITY = 978.0
PIPE_SHARES = np.array([1.0, 0.4])
FLOW_LAWS = {"baseline": FlowLaw.CONSTANT_SPEED, "variable_flow": FlowLaw.GENERAL_CURVE}


def filled(kind: Any, **known: Any) -> Any:
    """A NamedTuple with the fields that matter here, and zeros."""
    return kind(**{name: known.get(name, 0.0) for name in kind._fields})


def system(policy: str) -> System:
    """Two pipes in a row, and pumps that hold the differential pressure unless the policy varies the flow."""
    line = filled(Line, node_start=np.array([0, 1]), node_end=np.array([1, 2]), length_m=np.array([50.0, 100.0]))
    return System(
        building_ids=("a", "b", "c", "d", "e"),
        building_types=("residential", "residential", "residential", "residential", "office"),
        pipe_ids=("main", "branch"),
        node_ids=("substation", "A", "B"),
        nodes=filled(Nodes),
        supply=line,
        return_line=line,
        buildings=filled(Buildings, heat_design_w=np.full(5, 720e3)),
        substation=filled(Substation, heat_capacity_water_j_kgk=4190.0, density_water_kg_m3=DENSITY),
        pumps=filled(Pumps),
        curve=Curve(20.0, -37.0, 62.5, 25.0, 80.0, 0.8, np.empty(0), np.empty(0)),
        control=filled(Control, flow_law=int(FLOW_LAWS.get(policy, FlowLaw.DP_HELD))),
        comfort=filled(Comfort),
        building_heights_m=np.full(5, np.nan),
    )


def boundary() -> Boundary:
    klass = np.where(OUTDOOR_C > 8.0, OUT_OF_SEASON, np.where(OUTDOOR_C > 0.3, ABOVE_CPT, BELOW_CPT))
    group = (np.asarray(TIME.month) - 1) * N_CLASS + klass
    supply = np.clip(70.0 - 1.413 * (OUTDOOR_C - 0.3), 70.0, 110.0) + np.where(OUTDOOR_C > 0.3, 7.2, 0.0)
    arrays = filled(BoundaryArrays, temp_outdoor_c=OUTDOOR_C, temp_supply_primary_c=supply, group=group)
    return Boundary(TIME, 86400.0, arrays, 0.32, "made up for a test")


def assumptions(policy: str, capex_eur: float, calibrated: tuple[tuple[str, str], ...]) -> Assumptions:
    coal = entry("fuels", "ekibastuz_ss")
    known: dict[str, Any] = {field.name: coal[field.name] for field in dataclasses.fields(Fuel)}
    fuel = Fuel(**known)
    smoke = Emissions(
        fuel=fuel,
        allocation="energy",
        efficiency_boiler=0.9,
        efficiency_network=0.9,
        chp_power_to_heat=0.45,
        efficiency_reference_heat=0.88,
        efficiency_reference_power=0.4,
        excess_air=1.4,
        q4_percent=1.5,
        ash_carryover=0.95,
        efficiency_filter=0.98,
        so2_bound_in_ash=0.02,
        so2_scrubbed=0.0,
        nox_kg_gj=0.25,
        electricity_co2_kg_mwh=450.0,
        electricity_ch4_kg_mwh=1.0,
        gwp_ch4=28.0,
    )
    lines = (CapexLine("bypass", 1.0, "piece", capex_eur, 0, "test"),) if capex_eur else ()
    money = Economics(
        viewpoint="housing_company",
        lifetime_y=25,
        discount_rate=0.08,
        tariff=Tariff(44.0, 0.0, 0.0, 50.0),
        price_heat_eur_mwh=(44.0,) * 25,
        price_fuel_eur_mwh=(12.0,) * 25,
        price_electricity_eur_mwh=(60.0,) * 25,
        price_co2_eur_t=0.0,
        service_eur_y=0.0,
        staff_eur_y=0.0,
        capex=lines,
    )
    return Assumptions(policy, "", policy, policy == "baseline", money, smoke, calibrated)


def split(heat: float, share_sh: float = 0.75, pump: float = 25.0) -> HeatSplit:
    given = 0.96 * heat
    return HeatSplit(8760.0, heat, share_sh * given, (1.0 - share_sh) * given, 0.04 * heat, 0.1 * heat, pump)


def energy_score(year_mwh: float, above_mwh: float, share_above: float, flow_max_kg_s: float) -> EnergyScore:
    rest = split(0.0)
    return EnergyScore(
        year=split(year_mwh),
        above_cpt=split(above_mwh, share_above),
        below_cpt=rest,
        out_of_season=rest,
        by_month=(rest,) * 12,
        heat_useful_mwh=0.85 * year_mwh,
        mass_flow_primary_mean_kg_s=8.0,
        mass_flow_primary_max_kg_s=12.0,
        mass_flow_secondary_mean_kg_s=10.5,
        mass_flow_secondary_max_kg_s=flow_max_kg_s,
        mass_flow_dhw_mean_kg_s=1.0,
        mass_flow_dhw_max_kg_s=3.0,
        heat_flow_hour_max_kw=3600.0,
        temp_supply_primary_mean_c=84.0,
        temp_return_primary_mean_c=48.0,
        balance_residual_rel=0.0,
    )


def comfort_score() -> ComfortScore:
    types = ["residential"] * 4 + ["office"]
    table = pd.DataFrame({"type": types, "heat_sh_mwh": [75.0] * 4 + [89.0], "heat_dhw_mwh": [25.0] * 4 + [11.0]})
    return ComfortScore(21.0, 19.0, 24.0, "a", "b", 100.0, 10.0, 0.8, table)


def emission_score(heat_mwh: float) -> EmissionScore:
    co2_t = 0.418 * heat_mwh
    return EmissionScore(
        *("coal", "energy", 0.265 * heat_mwh, heat_mwh / 0.81, co2_t, 0.0041 * heat_mwh, 0.0011 * heat_mwh),
        fly_ash_t=1.0,
        co2_electricity_t=11.25,
        ch4_electricity_t=0.025,
        co2eq_t=co2_t + 11.95,
        co2_kg_kwh=0.418,
        so2_kg_kwh=0.0041,
        nox_kg_kwh=0.0011,
        fly_ash_kg_kwh=0.002,
        carbon_balance_rel=0.007,
    )


def economic_score(lcoh: float) -> EconomicScore:
    empty = pd.DataFrame()
    return EconomicScore(
        *("housing_company", False, empty, empty, empty, 0.0, 1500.0, -1e6, None, "none: all cost", None, None, None),
        lcoh_delivered_eur_mwh=lcoh,
        lcoh_useful_eur_mwh=lcoh,
    )


def arrays(flow_secondary_m3_h: float, flow_primary_m3_h: float, indoor_c: float, back_c: float) -> dict[str, Any]:
    to_mass = DENSITY / 3600.0
    return {
        "mass_flow_secondary_kg_s": np.full((DAYS, 1), flow_secondary_m3_h * to_mass),
        "mass_flow_primary_kg_s": np.full((DAYS, 1), flow_primary_m3_h * to_mass),
        "mass_flow_pipe_kg_s": np.full((DAYS, 2), flow_secondary_m3_h * to_mass) * PIPE_SHARES,
        "temp_indoor_c": np.full((DAYS, 5), indoor_c),
        "temp_return_building_c": np.full((DAYS, 5), 1.0) * np.array([back_c, back_c, back_c, back_c, 45.0]),
        "pumps_running": np.where(OUTDOOR_C > -8.5, 1.0, 2.0)[:, None],
    }


def run(
    policy: str,
    *,
    year_mwh: float = 11_700.0,
    above_mwh: float = 2_000.0,
    share_above: float = 0.79,
    flow_max_kg_s: float = 12.0,
    flow_secondary_m3_h: float = 40.0,
    flow_primary_m3_h: float = 40.0,
    indoor_c: float = 22.0,
    back_c: float = 45.0,
    capex_eur: float = 0.0,
    lcoh: float = 44.0,
    years: float = 1.0,
    calibrated: tuple[tuple[str, str], ...] = (),
) -> Run:
    score = Scorecard(
        *(policy, "", policy, policy == "baseline", years, 0.32),
        energy=energy_score(year_mwh, above_mwh, share_above, flow_max_kg_s),
        comfort=comfort_score(),
        emissions=emission_score(year_mwh),
        economics=economic_score(lcoh),
        warnings={},
        mode_hours={},
        events={},
        assumptions=(),
        provenance={},
    )
    case = Case(
        system=system(policy),
        boundary=boundary(),
        strategy=Strategy(1, 0.0, 0.0, 0.0, True),
        assumptions=assumptions(policy, capex_eur, calibrated),
        temp_start_c=20.0,
        scenario_hash="0",
    )
    solution = Solution(
        *(
            TIME,
            86400.0,
            arrays(flow_secondary_m3_h, flow_primary_m3_h, indoor_c, back_c),
            ("a", "b", "c", "d", "e"),
            (),
        ),
        totals={"seconds": np.zeros(N_GROUP)},
        extremes={},
        temp_indoor_min_c=np.zeros(5),
        temp_indoor_max_c=np.zeros(5),
        store_change_j=np.zeros(5),
        store_change_pipes_j=0.0,
        status=np.full(DAYS, Status.OK, dtype=np.int64),
        events=(),
        stats={},
        provenance={},
    )
    return Run(case, solution, score)


def six(**changes: dict[str, Any]) -> list[Run]:
    """The six policies; `baseline={...}` changes what is made of one."""
    saved = {"vfd_only": 50.0, "cap70": 206.0, "variable_flow": 300.0, "compensated": 440.0, "compensated_trim": 600.0}
    made = []
    for policy in POLICIES:
        own: dict[str, Any] = {
            "year_mwh": 11_700.0 - saved.get(policy, 0.0),
            "above_mwh": 2_000.0 - saved.get(policy, 0.0),
        }
        own |= {"capex_eur": 12_860.0} if policy in saved else {}
        own |= {"flow_primary_m3_h": 26.0, "back_c": 40.0} if policy in ("cap70", "compensated") else {}
        made.append(run(policy, **{**own, **changes.get(policy, {})}))
    return made


@pytest.fixture(scope="module")
def page() -> pd.DataFrame:
    return paper_page(six())


def test_the_page_has_a_row_for_each_figure_and_no_empty_cell(page: pd.DataFrame) -> None:
    assert list(page.index) == list(load_figures())
    assert tuple(page.columns) == COLUMNS
    assert page[page.map(lambda cell: not str(cell).strip()).any(axis=1)].empty
    assert set(page["verdict"]) <= {str(verdict) for verdict in Verdict}


def test_with_six_runs_every_figure_is_judged(page: pd.DataFrame) -> None:
    assert list(page.index[page["verdict"] == "not judged"]) == []


def test_every_computation_is_used_and_every_key_is_known() -> None:
    used = {figure.key.partition(":")[0] for figure in load_figures().values() if figure.key}
    assert used == set(COMPUTATIONS)


def test_every_figure_that_is_compared_states_its_tolerance() -> None:
    """A computation that leaves the verdict to the tolerances needs one that is not zero."""
    figures = load_figures()
    evidence = Evidence(figures, {made.score.policy: made for made in six()}, {})
    unstated = []
    for figure in figures.values():
        name, _, argument = figure.key.partition(":")
        if (
            figure.kind != "O"
            or not name
            or name in ("irr", "npv_year", "payback", "capex", "ebitda_first", "ebitda_total")
        ):
            continue
        finding = COMPUTATIONS[name](evidence, figure, argument)
        if finding.verdict is None and not 0.0 < figure.tolerance_rel <= figure.tolerance_partly_rel:
            unstated.append(figure.id)
    assert unstated == []


def test_without_runs_the_page_says_what_it_needs() -> None:
    page = paper_page([])
    assert page.loc["so2", "computed"] == "needs baseline"
    assert page.loc["so2", "verdict"] == "not judged"
    assert page.loc["floor", "verdict"] == "input"
    assert page.loc["cpt", "verdict"] == "reproduced", "a formula needs no run"


def test_a_missing_policy_is_named() -> None:
    page = paper_page([made for made in six() if made.score.policy != "compensated_trim"])
    assert page.loc["cut_compensated_trim", "computed"] == "needs compensated_trim"
    assert page.loc["cut_compensated", "verdict"] != "not judged"


def test_a_part_of_a_year_is_not_compared_with_a_year() -> None:
    page = paper_page(six(baseline={"years": 0.25}))
    assert str(page.loc["energy_gwh", "computed"]).startswith("needs baseline over a full year")
    assert page.loc["energy_gwh", "verdict"] == "not judged"


@pytest.mark.parametrize(
    ("id", "changes", "verdict"),
    [
        ("split_above", {"baseline": {}}, "reproduced"),
        ("split_above", {"baseline": {"share_above": 0.75}}, "partly"),
        ("split_above", {"baseline": {"share_above": 0.4}}, "not reproduced"),
        ("split_above", {"baseline": {"calibrated": (("plant.overshoot_k", "to meet 77.2"),)}}, "partly"),
        ("energy_gwh", {"baseline": {}}, "partly"),
        ("energy_gwh", {"baseline": {"year_mwh": 20_000.0}}, "not reproduced"),
        ("energy_printed", {"baseline": {}}, "not possible"),
        ("energy_printed", {"baseline": {"year_mwh": 11.8}}, "reproduced"),
        ("indoor_mild", {"baseline": {"indoor_c": 22.0}}, "reproduced"),
        ("indoor_mild", {"baseline": {"indoor_c": 20.6}}, "partly"),
        ("indoor_mild", {"baseline": {"indoor_c": 19.8}}, "not reproduced"),
        ("flow_largest", {"baseline": {"flow_max_kg_s": 12.0}}, "reproduced"),
        ("flow_largest", {"baseline": {"flow_max_kg_s": 10.0}}, "partly"),
        ("flow_largest", {"baseline": {"flow_max_kg_s": 5.0}}, "not reproduced"),
        ("flow_after_cap70", {"cap70": {"flow_secondary_m3_h": 19.0}}, "reproduced"),
        ("flow_after_cap70", {"cap70": {"flow_primary_m3_h": 19.0}}, "partly"),
        ("flow_after_cap70", {"cap70": {"flow_primary_m3_h": 27.0}}, "not reproduced"),
        ("classes_before", {"baseline": {"flow_secondary_m3_h": 41.0}}, "partly"),
        ("classes_before", {"baseline": {"flow_secondary_m3_h": 29.0}}, "partly"),
        ("classes_before", {"baseline": {"flow_secondary_m3_h": 40.0}}, "not reproduced"),
        ("pipes_after_cap70", {}, "not reproduced"),
        ("pipes_after_cap70", {"cap70": {"flow_secondary_m3_h": 39.5}}, "not reproduced"),
        ("pipes_after_cap70", {"cap70": {"flow_secondary_m3_h": 44.0}}, "not reproduced"),
        ("pipes_after_variable_flow", {"variable_flow": {"flow_secondary_m3_h": 30.0}}, "partly"),
        ("pipes_after_variable_flow", {"variable_flow": {"flow_secondary_m3_h": 15.0}}, "partly"),
        (
            "pipes_after_variable_flow",
            {p: {"flow_secondary_m3_h": flow} for p, flow in (("baseline", 80.0), ("variable_flow", 70.0))},
            "not reproduced",
        ),
        ("cut_cap70", {"cap70": {"year_mwh": 9_100.0}}, "reproduced"),
        ("cut_cap70", {"cap70": {"above_mwh": 1_560.0}}, "partly"),
        ("cut_cap70", {"cap70": {"above_mwh": 1_990.0}}, "not reproduced"),
        ("heat_saving", {"cap70": {"year_mwh": 11_494.0}}, "reproduced"),
        ("heat_saving", {"cap70": {"year_mwh": 11_700.0}, "variable_flow": {"year_mwh": 11_700.0}}, "not reproduced"),
        ("co2_annual", {"baseline": {"year_mwh": 15_640.0}}, "partly"),
        ("co2_annual", {"baseline": {"year_mwh": 5_000.0}}, "not reproduced"),
        ("lcoh", {"cap70": {"lcoh": 51.0}}, "partly"),
        ("lcoh", {"cap70": {"lcoh": 20.0}, "variable_flow": {"lcoh": 20.0}}, "not reproduced"),
        ("capex_additional", {"cap70": {"capex_eur": 12_860.0}}, "partly"),
        ("capex_additional", {p: {"capex_eur": 60_000.0} for p in ("cap70", "variable_flow")}, "not reproduced"),
        ("irr", {"cap70": {"year_mwh": 11_624.5, "above_mwh": 1_900.0}}, "partly"),
        ("irr", {p: {"year_mwh": 11_100.0} for p in ("cap70", "variable_flow")}, "not reproduced"),
        ("return_lower", {"cap70": {"back_c": 40.0}}, "partly"),
        ("return_lower", {p: {"back_c": 50.0} for p in ("cap70", "variable_flow")}, "not reproduced"),
    ],
)
def test_verdicts_follow_the_runs(id: str, changes: dict[str, dict[str, Any]], verdict: str) -> None:
    assert paper_page(six(**changes)).loc[id, "verdict"] == verdict


@pytest.mark.parametrize(
    ("id", "verdict", "said"),
    [
        ("cpt", "reproduced", "0.319"),
        ("maximum_supply", "not possible", "131 at -28; 110 at -17.9"),
        ("modelled_day", "input", "66.2"),
        ("co2_before", "not possible", "efficiency of 4.4 %"),
        ("co2_after", "not possible", "efficiency of 5.6 %"),
        ("efficiency", "partly", "0.60 to 0.77"),
        ("cut_abstract", "partly", "22"),
        ("cars", "partly", "4.71 t each"),
        ("pump_co2", "not possible", "7,040 MWh"),
        ("avoided_year", "not possible", "leaves 6,204 t"),
        ("abatement", "partly", "1.59"),
        ("sensitivity", "not possible", "0.9 / 0.72 / 0.793"),
        ("om_difference", "reproduced", "228,000"),
        ("annualized", "reproduced", "16,440 / 7,320"),
        ("ebitda", "not possible", "26,245"),
        ("capex_share", "partly", "92.5 %"),
        ("lcoh_higher", "not possible", "372 to 142 MWh"),
        ("lcoh_other", "not possible", "31.8 % lower"),
        ("together", "not possible", "IRR 8.8 % or payback 3.92 y"),
        ("bound", "not possible", "at most"),
        ("staged", "partly", "2.8 to 9.2 %"),
        ("calibration_limits", "not possible", "30 / 10"),
        ("flow_legend", "not possible", "overlap 10, gap 10"),
        ("q27_opex", "quoted", "5.20 %"),
    ],
)
def test_arguments_carry_their_arithmetic(page: pd.DataFrame, id: str, verdict: str, said: str) -> None:
    row = page.loc[id]
    assert row["verdict"] == verdict
    assert said in f"{row['computed']} {row['why']}"


def test_arguments_follow_the_reported_numbers() -> None:
    """Where the paper's numbers would agree, the same argument says so."""
    figures = load_figures()

    def asked(id: str, reported: str, **others: str) -> Verdict:
        changed = {name: dataclasses.replace(figures[name], reported=text) for name, text in others.items()}
        figure = dataclasses.replace(figures[id], reported=reported)
        name, _, argument = figure.key.partition(":")
        finding = COMPUTATIONS[name](Evidence({**figures, **changed, id: figure}, {}, {}), figure, argument)
        return judged(figure, finding)

    assert asked("together", "25.4 / ninth / 3.92") is Verdict.REPRODUCED
    assert asked("calibration_limits", "30 / 10") is Verdict.INPUT
    assert asked("flow_legend", "20 to 30, 20, 30") is Verdict.REPRODUCED
    assert asked("lcoh_other", "35.21 / 31.8") is Verdict.REPRODUCED
    assert asked("maximum_supply", "110 at -17.9") is Verdict.INPUT
    assert asked("annual_saving", "70.0") is Verdict.NOT_REPRODUCED
    assert asked("lcoh_higher", "17.2", annualized="16,400 / 15,000") is Verdict.PARTLY
    assert asked("bound", "10.0 / 10.0 / 174,800") is Verdict.PARTLY


def test_mixing_is_said_to_leave_the_secondary_flow(page: pd.DataFrame) -> None:
    assert "takes 35 % from the primary only" in str(page.loc["flow_after_cap70", "why"])
    assert "mixing" not in str(page.loc["flow_after_vfd_only", "why"])


def test_a_pipes_verdict_names_the_cause_and_the_share() -> None:
    page = paper_page(six(variable_flow={"flow_secondary_m3_h": 30.0, "flow_primary_m3_h": 26.0}))
    mixed, varied, driven = (
        str(page.loc[f"pipes_after_{name}", "why"]) for name in ("cap70", "variable_flow", "vfd_only")
    )
    assert "mixing alone leaves the flow through the jet pumps, every pipe keeps its flow" in mixed
    assert "the primary flow falls by 35 %" in mixed
    assert "67 % of their length at or below 20 before, 67 % after; largest 40.0 to 30.0 (main)" in varied
    assert "follow the general flow curve: the flow of a pipe changes by up to 25 %" in varied
    assert "mixing" not in driven
    assert "every pipe keeps its flow (the pumps hold the differential pressure" in driven
    assert "the layout of the pipes is ours" in varied


def test_pipes_need_their_series() -> None:
    bare = [
        dataclasses.replace(
            made,
            solution=dataclasses.replace(
                made.solution, arrays={k: v for k, v in made.solution.arrays.items() if "pipe" not in k}
            ),
        )
        for made in six()
    ]
    page = paper_page(bare)
    assert page.loc["pipes_after_cap70", "verdict"] == page.loc["classes_before", "verdict"] == "not judged"
    assert page.loc["flow_after_cap70", "verdict"] != "not judged"


def test_each_cut_is_given_twice(page: pd.DataFrame) -> None:
    assert page.loc["cut_compensated", "computed"] == "above the CPT 22.0 %; year 3.8 %"


def test_given_economics_are_used_instead_of_own() -> None:
    runs = six()
    flow = pd.DataFrame({"capex": [-1.0, 0.0], "net": [-1.0, 2.0]})
    made = dataclasses.replace(economic_score(44.0), irr=0.254, irr_note="", cash_flow=flow)
    assert paper_page(runs, {"cap70": made}).loc["irr", "verdict"] == "partly"
    assert paper_page(runs, {"cap70": dataclasses.replace(made, irr=0.01)}).loc["irr", "verdict"] == "not reproduced"


def test_the_markdown_holds_every_row(page: pd.DataFrame) -> None:
    text = paper_markdown(page)
    rows = [
        line for line in text.splitlines() if line.startswith("| ") and not line.startswith(("| figure |", "| ---"))
    ]
    assert len(rows) == len(page)
    assert all(line.count(" | ") == 5 for line in rows)
    assert all(f"## {section}" in text for section in page["section"].unique())
    assert f"**not possible** ({(page['verdict'] == 'not possible').sum()})" in text


def test_grading_has_two_steps() -> None:
    figure = Figure("id", "s", "f", "10 / 20", "-", "O", "s", "k", 0.1, 0.2, "")
    graded_as = [
        graded(figure, values) for values in ((10.5, 21.0), (10.0, 23.5), (10.0, 30.0), (10.0,), (10.0, np.nan))
    ]
    not_reproduced = Verdict.NOT_REPRODUCED
    assert graded_as == [Verdict.REPRODUCED, Verdict.PARTLY, not_reproduced, not_reproduced, not_reproduced]
    assert judged(figure, Finding("", (10.0, 20.0), at_best=Verdict.PARTLY)) is Verdict.PARTLY


def test_the_staged_flow_meets_its_three_numbers() -> None:
    flow = staged_flow(-5915.0, 174_800.0, 0.254, 25)
    worth = (flow / 1.254 ** np.arange(25)).sum()
    assert (flow[0], flow.sum(), worth) == pytest.approx((-5915.0, 174_800.0, 0.0), abs=0.01)
    assert (np.diff(flow) > 0.0).all()


def test_numbers_are_read_and_written() -> None:
    assert numbers("-5915 to 15,909, 0.3; 46k1 ninth") == (-5915.0, 15909.0, 0.3, 46.0, 9.0)
    assert shown(-0.0, float("nan"), 411_000.0) == "0 / none / 411,000"


def test_reported_numbers_stand_in_the_paper(project_root: Path) -> None:
    named = os.environ.get("DHSIM_VALIDATION_DATA")
    shared = Path(named).parent if named else project_root.parent / "shared"
    paper = shared / "seeds" / "omsk_bypass_paper.txt"
    if not paper.is_file():
        pytest.skip("no text of the paper: shared/seeds/omsk_bypass_paper.txt is not there")
    text = paper.read_text(encoding="utf-8")
    found = {
        (figure.id, number): re.search(rf"(?<![\d.,]){re.escape(number)}(?!\d|[.,]\d)", text) is not None
        for figure in load_figures().values()
        for number in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)*|ninth", figure.reported)
    }
    assert len(found) > 150
    assert [place for place, there in found.items() if not there] == []
