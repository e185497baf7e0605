from __future__ import annotations

from dhsim.scenario.reference import schema_reference


def test_every_key_is_there_with_type_default_and_meaning() -> None:
    lines = schema_reference().splitlines()
    assert (
        "- `plant.dp_available_kpa` (number in kPa, above 0, default 170.0): "
        "Differential pressure between primary supply and return at the inlet." in lines
    )
    assert "- `name` (text, not empty, default the file's name)" in lines
    assert "- `buildings[].heat_design_kw` (number in kW, above 0, default 300.0)" in lines
    assert any(line.startswith("- `building_types.NAME.time_constant_h` (number in hours, above 0") for line in lines)
    assert any(line.startswith("- `control.setback.start` (time of day, 'HH:MM', required)") for line in lines)
    assert any(
        line.startswith("- `weather.year` (whole number, at least 1900, at most 2200, optional)") for line in lines
    )
    assert any(line.startswith("- `control.faults[].kind` (one of `third_pipe_out`") for line in lines)


def test_headings_follow_their_section() -> None:
    headings = [line for line in schema_reference().splitlines() if line.startswith("#")]
    assert headings[:3] == ["# Keys of a scenario file", "## site", "## time"]
    assert headings.index("## substation.pumps") == headings.index("## substation") + 1
    assert len(headings) == len(set(headings))


def test_buildings_and_networks_are_there_too() -> None:
    lines = schema_reference().splitlines()
    top = [line for line in lines if line.startswith("# ")]
    assert top == ["# Keys of a scenario file", "# Keys of a network file", "# Keys of a building file"]
    assert any(
        line.startswith("- `pump.dp_kpa` (number in kPa, at least 0.1, at most 200, required)") for line in lines
    )
    assert "- `name` (text, not empty, default the file's name)" in lines[lines.index(top[2]) :]
    assert any(line.startswith("- `consumers[].heat_kw` (number in kW, at least 0, optional)") for line in lines)
    assert any(line.startswith("- `valves[].setting` (number or text, optional)") for line in lines)
    assert any(line.startswith("- `valve_types[].labels` (list of numbers or texts, optional)") for line in lines)
    assert "## zones[] of a building" in lines
    text = "\n".join(lines)
    assert "`zones.csv`, `radiators.csv`, `valves.csv`" in text
    assert "something else" not in text


def test_one_kind_of_file_alone() -> None:
    lines = schema_reference("building").splitlines()
    assert lines[0] == "# Keys of a building file"
    assert not any("consumers" in line for line in lines)
