from __future__ import annotations

import re
from pathlib import Path

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.building_read import load_building
from dhsim.scenario.building_schema import BuildingScenario
from dhsim.scenario.building_tables import TABLES
from dhsim.scenario.load import load_scenarios
from dhsim.scenario.schema import Scenario
from dhsim.scenario.starter import init_building, init_case


def test_the_starter_case_loads(tmp_path: Path) -> None:
    files = init_case(tmp_path / "new" / "case")
    assert [file.name for file in files] == ["baseline.yaml", "bypass.yaml"]
    baseline, bypass = load_scenarios(files)
    assert (baseline.name, baseline.reference, bypass.name, bypass.reference) == ("baseline", True, "bypass", False)
    assert len(baseline.buildings) == 5
    assert bypass.economics.capex
    assert all(item.unit_cost_eur is not None for item in bypass.economics.capex)


def test_the_starter_pumps_fit_the_design_flow(tmp_path: Path) -> None:
    baseline = load_scenarios(init_case(tmp_path))[0]
    drop_k = baseline.curve.temp_supply_design_c - baseline.curve.temp_return_design_c
    flow_kg_s = sum(building.heat_design_kw for building in baseline.buildings) / (4.19 * drop_k)
    assert flow_kg_s == pytest.approx(4.475, abs=0.01)
    pumps = baseline.substation.pumps
    assert pumps.flow_m3_h is not None
    assert pumps.head_m is not None
    each_m3_h = flow_kg_s * 3.6 / pumps.count
    head_m = next(head for flow, head in zip(pumps.flow_m3_h, pumps.head_m, strict=True) if flow >= each_m3_h)
    assert head_m * 9.81 > 180, "both pumps carry the whole secondary head, kPa"


def test_a_folder_with_other_scenarios_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("name: mine")
    with pytest.raises(ScenarioError, match=r"holds scenarios already \(mine\.yml\)"):
        init_case(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yml"]


def test_every_file_in_the_way_is_named_and_none_is_touched(tmp_path: Path) -> None:
    (tmp_path / "baseline.yaml").write_text("mine")
    with pytest.raises(ScenarioError, match=r"baseline\.yaml: exists already") as caught:
        init_case(tmp_path)
    assert len(caught.value.problems) == 1
    assert not (tmp_path / "bypass.yaml").exists()
    (tmp_path / "bypass.yaml").write_text("mine too")
    with pytest.raises(ScenarioError) as caught:
        init_case(tmp_path)
    assert len(caught.value.problems) == 2
    assert (tmp_path / "baseline.yaml").read_text() == "mine"


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "case").write_text("")
    with pytest.raises(ScenarioError, match="cannot be written"):
        init_case(tmp_path / "case")


def test_the_starter_comments_follow_the_schema(tmp_path: Path) -> None:
    text = init_case(tmp_path)[0].read_text()
    sections = set(re.findall(r"^(?:# )?(\w+): ", text.replace(":\n", ": \n"), re.MULTILINE))
    assert sections == set(Scenario.model_fields), "the starter shows every section"


def test_the_starter_building_loads_and_says_that_it_is_an_example(tmp_path: Path) -> None:
    files = init_building(tmp_path / "my house")
    names = ["building.yaml", "pipes.csv", "protocol.csv", "radiators.csv", "valves.csv", "zones.csv"]
    assert [file.name for file in files] == names
    building = load_building(tmp_path / "my house")
    assert building.made_up
    assert (len(building.zones), len(building.radiators)) == (4, 6)
    assert all("example" in file.read_text(encoding="utf-8").lower() for file in files)


def test_the_starter_building_shows_every_key(tmp_path: Path) -> None:
    files = {file.stem: file.read_text(encoding="utf-8") for file in init_building(tmp_path)}
    scalars = set(re.findall(r"^(?:# )?(\w+):", files["building"], re.MULTILINE))
    assert scalars == set(BuildingScenario.model_fields) - set(TABLES) - {"synthetic"}
    for name, kind in TABLES.items():
        if name in files:
            missing = [key for key in kind.model_fields if not re.search(rf"\b{key}\b", files[name])]
            assert not missing, f"{name}.csv does not explain {missing}"


def test_remarks_of_the_starter_tables_survive_a_spreadsheet(tmp_path: Path) -> None:
    for file in init_building(tmp_path):
        remarks = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
        if file.suffix == ".csv":
            assert remarks
            assert not [line for line in remarks if re.search(r"[,;\t\"]", line)], "a spreadsheet would quote these"


def test_a_building_is_not_laid_over_another(tmp_path: Path) -> None:
    (tmp_path / "neighbours.csv").write_text("first,second,ua_w_k\n")
    with pytest.raises(ScenarioError, match=r"holds a building already \(neighbours\.csv\)"):
        init_building(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["neighbours.csv"]
