"""What is wrong with a key, in plain English with its unit."""

from __future__ import annotations

import datetime as dt
import difflib
import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

UNITS = {
    "c": "degC",
    "d": "days",
    "deg": "degrees",
    "eur": "EUR",
    "eur_kw_y": "EUR/(kW a)",
    "eur_mwh": "EUR/MWh",
    "eur_mwh_k": "EUR/(MWh K)",
    "eur_t": "EUR/t",
    "eur_y": "EUR/a",
    "h": "hours",
    "k": "K",
    "j_kgk": "J/(kg K)",
    "kg_gj": "kg/GJ",
    "kg_m3": "kg/m3",
    "kg_mwh": "kg/MWh",
    "kg_s": "kg/s",
    "kpa": "kPa",
    "kw": "kW",
    "l": "litres",
    "l_h": "l/h",
    "litres_person_day": "litres a person and day",
    "m": "m",
    "m2_per_kw": "m2/kW",
    "m3_h": "m3/h",
    "m_s": "m/s",
    "min": "minutes",
    "mm": "mm",
    "per_k": "1/K",
    "per_min": "1/min",
    "pa_s": "Pa s",
    "percent": "%",
    "rel": "parts of the design or nominal value",
    "w": "W",
    "w_k": "W/K",
    "w_m": "W/m",
    "w_m2": "W/m2",
    "w_m2k": "W/(m2 K)",
    "w_mk": "W/(m K)",
    "y": "years",
}
"""Suffix of a key -> its unit in words."""

# fmt: off
_OTHER_UNITS = frozenset({
    "atm", "bar", "celsius", "cm", "day", "days", "degc", "dm", "eur_gj", "eur_kg", "eur_kw", "eur_kwh", "eur_m",
    "f", "ft", "g_gj", "g_kwh", "gbp", "gcal_h", "gj", "gw", "gwh", "h", "hours", "in", "inch", "j", "kcal_h",
    "kelvin", "kg_h", "kg_kwh", "kg_mj", "kg_s", "kj", "km", "kv", "kw_k", "kwh", "l", "l_d", "l_day", "l_h",
    "l_min", "l_s", "litre", "litres", "m2", "m3", "m3_d", "m3_s", "mbar", "mh2o", "min", "minutes", "mj",
    "mmhg", "month", "mpa", "mw", "mwh", "mws", "pa", "pct", "per_h", "per_s", "percent", "psi", "rad", "rub", "s",
    "seconds", "share", "t_h", "t_mwh", "t_s", "usd", "w", "w_k", "week", "year", "years",
})
# fmt: on
_ALL_UNITS = sorted(_OTHER_UNITS | UNITS.keys(), key=len, reverse=True)


def bare(annotation: Any) -> Any:
    """Return a type without `Annotated` and `| None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            annotation = next(part for part in get_args(annotation) if part is not type(None))
        else:
            return annotation


def is_section(kind: Any) -> bool:
    """Return whether a type is a section of the schema."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def part_type(kind: Any, name: str | int) -> Any:
    """Return the bare type of a section's key, a list's entry or a mapping's value; Any where there is none."""
    if is_section(kind):
        field = kind.model_fields.get(name)
        return bare(field.annotation) if field else Any
    origin, parts = get_origin(kind), get_args(kind)
    if origin is list and isinstance(name, int):
        return bare(parts[0])
    if origin is dict:
        return bare(parts[1])
    if origin is tuple and isinstance(name, int) and name < len(parts):
        return bare(parts[name])
    return Any


def unit_of(name: str) -> str:
    """Return the unit in words that a key's name ends with; empty if it has none.

    >>> unit_of("dp_available_kpa"), unit_of("valve_main_kvs_m3_h"), unit_of("count")
    ('kPa', 'm3/h', '')
    """
    stem, suffix = _split(name, UNITS)
    return UNITS[suffix] if stem and suffix else ""


def _split(name: str, suffixes: Iterable[str]) -> tuple[str, str]:
    """Return the name's stem and its longest unit suffix."""
    for suffix in sorted(suffixes, key=len, reverse=True):
        if name.endswith("_" + suffix):
            return name.removesuffix("_" + suffix), suffix
    return name, ""


def shown(value: Any) -> str:
    """Return a value as the file would say it, short."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, float) and value != value:
        return ".nan"
    try:
        text = repr(value)
    except ValueError:  # an integer too long to print
        return "a number of thousands of digits"
    return text if len(text) <= 43 else text[:39] + "...'"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the most similar known name, or nothing."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), "")


def unknown_key(name: str, known: Iterable[str], elsewhere: Mapping[str, Iterable[str]]) -> str:
    """Return the message for a key the section does not have.

    Parameters
    ----------
    name
        The key as written.
    known
        The section's keys.
    elsewhere
        Section -> its keys, for a key that stands in the wrong section.

    >>> unknown_key("dp_available_bar", ["dp_available_kpa"], {})
    "wrong unit: this key is in kPa (got 'dp_available_bar'; did you mean dp_available_kpa)"
    """
    known = list(known)
    right, told = _same_but_for_unit(name, known)
    if right:
        return f"{told} (got {shown(name)}; did you mean {right})"
    for section, keys in elsewhere.items():
        if name in keys:
            return f"unknown key here: it belongs to `{section}`"
    near = nearest(name, known)
    return "unknown key" + (f" (did you mean {near})" if near else f" (known here: {', '.join(known)})")


def _same_but_for_unit(name: str, known: list[str]) -> tuple[str, str]:
    lower = name.lower()
    stem = _split(lower, _ALL_UNITS)[0]
    for key in known:
        key_stem, suffix = _split(key, UNITS)
        if not suffix or key == name:
            continue
        if lower == key_stem:
            return key, f"unit missing: this key is in {UNITS[suffix]}"
        if lower == key:
            return key, "unknown key: keys are in lower case"
        if stem == key_stem or lower in (f"{key_stem}_{unit}" for unit in _ALL_UNITS):
            return key, f"wrong unit: this key is in {UNITS[suffix]}"
    return "", ""


def wanted(kind: Any, name: str) -> str:
    """Return what a key expects, with its unit: `a number in kW`."""
    unit = unit_of(name)
    suffix = f" in {unit}" if unit else ""
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(str(option) for option in get_args(kind))
    if is_section(kind):
        return "a mapping of " + ", ".join(kind.model_fields)
    if get_origin(kind) is list:
        inner = bare(get_args(kind)[0])
        pairs = get_origin(inner) is tuple
        of = "mappings" if is_section(inner) else "pairs of numbers" if pairs else f"numbers{suffix}"
        return f"a list of {of}"
    if get_origin(kind) is tuple:
        return f"a list of {len(get_args(kind))} numbers"
    if get_origin(kind) is dict:
        return "a mapping"
    return {
        float: f"a number{suffix}",
        int: f"a whole number{suffix}",
        bool: "true or false",
        str: "text",
        dt.date: "a date, YYYY-MM-DD",
        dt.datetime: "a date and time, YYYY-MM-DD HH:MM",
        dt.time: "a time of day, 'HH:MM'",
    }.get(kind, "something else")


def wrong_type(kind: Any, name: str, value: Any) -> str:
    """Return the message for a value of the wrong type, with a hint where one is plain.

    >>> wrong_type(float, "heat_design_kw", "300 kW")
    "expected a number in kW (got '300 kW')"
    """
    hints = [f"got {shown(value)}"]
    if kind is str and isinstance(value, (int, float)):
        hints.append("put it in quotes")
    elif kind in (float, int) and isinstance(value, str):
        if value.replace(",", ".", 1).lstrip("-").replace(".", "", 1).isdecimal():
            hints.append("the decimal sign is a point" if "," in value else "without quotes")
    elif get_origin(kind) is Literal and isinstance(value, str):
        near = nearest(value, [str(option) for option in get_args(kind)])
        hints += [f"did you mean {near}"] if near else []
    elif kind is int and isinstance(value, float) and value.is_integer():
        hints.append("without decimals")
    return f"expected {wanted(kind, name)} ({'; '.join(hints)})"


_LIMITS = {
    "greater_than": ("must be above {gt:g}", "gt"),
    "greater_than_equal": ("must be at least {ge:g}", "ge"),
    "less_than": ("must be below {lt:g}", "lt"),
    "less_than_equal": ("must be at most {le:g}", "le"),
}


def out_of_range(kind_of_error: str, context: Mapping[str, Any], name: str, value: Any) -> str | None:
    """Return the message for a value beyond a limit; None if the error is of another kind."""
    if kind_of_error in _LIMITS:
        words, limit = _LIMITS[kind_of_error]
        unit = unit_of(name)
        text = words.format(**{limit: float(context[limit])}) + (f" {unit}" if unit not in ("", UNITS["rel"]) else "")
        return f"{text} (got {shown(value)})"
    if kind_of_error in ("too_short", "too_long"):
        least = kind_of_error == "too_short"
        limit = context["min_length" if least else "max_length"]
        entries = "entry" if limit == 1 else "entries"
        return f"needs at {'least' if least else 'most'} {limit} {entries} (got {context['actual_length']})"
    if kind_of_error == "string_too_short":
        return "must not be empty"
    return None
