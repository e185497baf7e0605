from __future__ import annotations

import types
from typing import get_args, get_origin

import pytest

from dhsim.scenario.schema import Scenario
from dhsim.scenario.wording import UNITS, bare, is_section, shown, unit_of, unknown_key


def _numeric_keys(section: type) -> list[str]:
    found = []
    for name, field in section.model_fields.items():  # type: ignore[attr-defined]
        kind = bare(field.annotation)
        if get_origin(kind) in (list, dict):
            kind = bare(get_args(kind)[-1])
        if is_section(kind):
            found += _numeric_keys(kind)
        elif kind is float:
            found.append(name)
    return found


WITHOUT_UNIT = {
    "x", "y",
    "demand_growth", "exponent", "efficiency_best", "efficiency_motor", "efficiency_vfd", "flow_relative",
    "mixing_share_max", "mixing_ratio_jet", "radiator_exponent", "share_capacity_room", "share_ua_direct",
    "share_resistance_inner", "gain_share_design", "window_share_max", "flow_factor", "persons", "zeta", "trim_gain",
    "quantity", "discount_rate", "escalation_heat", "escalation_electricity", "efficiency_boiler", "efficiency_network",
    "chp_power_to_heat", "efficiency_reference_heat", "efficiency_reference_power", "excess_air", "ash_carryover",
    "efficiency_filter", "so2_bound_in_ash", "so2_scrubbed", "gwp_ch4",
}  # fmt: skip


def test_every_number_of_the_schema_has_a_unit_or_is_known_to_have_none() -> None:
    assert {name for name in _numeric_keys(Scenario) if not unit_of(name)} == WITHOUT_UNIT


@pytest.mark.parametrize(
    ("name", "unit"), [("flow_best_m3_h", "m3/h"), ("u_supply_w_mk", "W/(m K)"), ("filter_h", "hours")]
)
def test_the_longest_suffix_counts(name: str, unit: str) -> None:
    assert unit_of(name) == unit
    assert unit in UNITS.values()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("temp_floor_k", "wrong unit: this key is in degC"),
        ("flow_best_l_s", "wrong unit: this key is in m3/h"),
        ("Temp_Floor_C", "unknown key: keys are in lower case"),
        ("temp_floor", "unit missing: this key is in degC"),
        ("temp_flor_c", "unknown key (did you mean temp_floor_c)"),
        ("zzz", "unknown key (known here: temp_floor_c, flow_best_m3_h, count)"),
        ("days", "unknown key here: it belongs to `time`"),
    ],
)
def test_unknown_keys(name: str, expected: str) -> None:
    assert unknown_key(name, ["temp_floor_c", "flow_best_m3_h", "count"], {"time": ["days"]}).startswith(expected)


def test_values_are_shown_short_and_as_the_file_says_them() -> None:
    assert [shown(value) for value in (True, None, {}, types.MappingProxyType({}), [1], 3.5, "x")] == [
        "true", "null", "a mapping", "a mapping", "a list", "3.5", "'x'",
    ]  # fmt: skip
    assert len(shown("x" * 500)) < 50
    assert shown(10**5000) == "a number of thousands of digits"
