"""The comparison on measured years, each reached by one line in a scenario: `extends` and the weather file."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhsim.errors import Status
from dhsim.scenario.load import load_scenarios
from dhsim.study.compare import compare_runs
from dhsim.study.run import run
from dhsim.study.types import Comparison

POLICIES = ("baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim")
NORTHWAY = "{name: Northway, latitude_deg: 62.96, longitude_deg: -141.93, utc_offset_h: -9}"
STOCKHOLM = "{name: Stockholm, latitude_deg: 59.33, longitude_deg: 18.07, utc_offset_h: 1}"
YEARS = {
    "northway_2018": ("Northway_ISD-lite_702910-2018.gz", NORTHWAY, -3.5),
    "northway_2019": ("Northway_ISD-lite_702910-2019.gz", NORTHWAY, -1.8),
    "stockholm_2019": ("Stockholm_NSRDB_2019_hourly.csv.gz", STOCKHOLM, 7.5),
}
"""File, where it was measured, and its mean outdoor temperature [degC] as read from the file by hand."""


@pytest.fixture(scope="module", params=sorted(YEARS))
def year(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Comparison]:
    data = request.getfixturevalue("validation_folder") / "weather"
    root: Path = request.getfixturevalue("project_root")
    file, site, _ = YEARS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    for policy in POLICIES:
        parent = (root / "scenarios" / "omsk" / f"{policy}.yaml").as_posix()
        text = f"extends: {parent}\nweather: {{file: {(data / file).as_posix()}, site: {site}}}\n"
        (folder / f"{policy}.yaml").write_text(text, encoding="utf-8")
    return request.param, compare_runs([run(scenario) for scenario in load_scenarios([folder])])


def test_the_year_is_the_measured_one(year: tuple[str, Comparison]) -> None:
    name, comparison = year
    file, _, mean_c = YEARS[name]
    boundary = comparison.reference.case.boundary
    assert file in boundary.weather_source
    assert boundary.arrays.temp_outdoor_c.mean() == pytest.approx(mean_c, abs=0.1)
    assert any("2021" in note for note in boundary.notes)  # re-dated, and said so


def test_energy_closes_and_every_step_converges(year: tuple[str, Comparison]) -> None:
    for one in year[1].runs:
        assert one.score.energy.balance_residual_rel < 1e-6
        assert not (one.solution.status & (Status.NOT_CONVERGED | Status.NOT_FINITE)).any()


def test_mixing_saves_heat_in_mild_weather_and_more_with_the_curve(year: tuple[str, Comparison]) -> None:
    above = {one.name: one.score.energy.above_cpt.heat_total_mwh for one in year[1].runs}
    assert above["baseline"] > above["cap70"] > above["compensated"] > above["compensated_trim"]
    assert above["variable_flow"] < above["cap70"]
    assert above["vfd_only"] == pytest.approx(above["baseline"], rel=1e-3)  # jet pumps: a held dp is a constant flow


def test_savings_of_the_year_are_the_smaller_share(year: tuple[str, Comparison]) -> None:
    saved = year[1].table.loc["Savings"].xs("%", level="unit")
    for name in ("cap70", "variable_flow", "compensated", "compensated_trim"):
        assert (
            0.0 < saved.loc["Heat saved, of the year", name] < saved.loc["Heat saved, of the hours above the CPT", name]
        )
