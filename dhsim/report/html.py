"""The report: one self-contained HTML page; the same input gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from dhsim.assess.types import EconomicScore
from dhsim.report import gallery, story, tables
from dhsim.report.gallery_network import chosen_run, network_missing, network_pictures
from dhsim.report.series import limits_of, write_whole
from dhsim.report.style import scenario_colours, svg_data_uri
from dhsim.report.tables_network import network_tables
from dhsim.study.types import Comparison

REPORT_NAME = "report.html"
QUOTED = "`([^`]*)`"
"""A word of the paper's own in a text."""
VERDICT_CLASSES = {"reproduced": "good", "partly": "fair", "not reproduced": "poor", "not possible": "bad"}


def write_report(comparison: Comparison, out_dir: str | Path, paper: pd.DataFrame | None = None) -> Path:
    """Write report.html: what was compared, the tables, the figures, the money, the emissions, what happened.

    Parameters: comparison: one run or more, the reference first; paper: columns section, figure, reported, computed,
    unit, verdict, why. Returns: the file, which needs no other file.
    """
    page = render_report(comparison, paper)

    def write(partial: Path) -> None:
        partial.write_text(page, encoding="utf-8", newline="\n")

    return write_whole(Path(out_dir) / REPORT_NAME, write)


def render_report(comparison: Comparison, paper: pd.DataFrame | None = None) -> str:
    """Return the page as text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("report.html.j2").render(_context(comparison, paper))
    # Texts from the other rooms write degC; encoded figures hold no blanks, so they are not touched.
    return page.replace(" degC", " °C").replace(">degC", ">°C").replace(" +-", " ±") + "\n"


def _context(comparison: Comparison, paper: pd.DataFrame | None) -> dict[str, Any]:
    names = comparison.names
    alone = {run.name: run.score.economics for run in comparison.runs}
    alarms, alarms_left_out = story.alarms_block(comparison)
    images = {
        picture.id: {"caption": picture.caption, "uri": svg_data_uri(picture.figure), "id": picture.id}
        for picture in (*gallery.pictures(comparison), *network_pictures(comparison))
    }
    return {
        "title": _title(names),
        "names": names,
        "colours": scenario_colours(names),
        "findings": story.findings(comparison),
        "notes": story.notes(comparison),
        "cautions": comparison.cautions,
        "om": tables.om_block({run.name: run.score.economics for run in comparison.runs}),
        "setup": story.setup_block(comparison),
        "frame": story.frame_text(comparison.reference),
        "weather": story.weather_block(comparison.reference),
        "blocks": tables.comparison_blocks(comparison.table),
        "differences": tables.difference_blocks(comparison.differences) if len(names) > 1 else [],
        "attribution": _attribution_notes(comparison),
        "images": images,
        "missing": gallery.missing_series(comparison),
        "network": _network(comparison),
        "economics": _economics(comparison.incremental or alone),
        "economics_alone": _economics(alone) if comparison.incremental else [],
        "table1": {name: story.frame_block(frame, name) for name, frame in comparison.table1.items()},
        "abatement": {name: tables.format_number(value, 1) for name, value in comparison.abatement_eur_t.items()},
        "events": story.events_block(comparison),
        "advice": story.advice(comparison),
        "alarms": alarms,
        "alarms_left_out": alarms_left_out,
        "buildings": [story.buildings_block(run) for run in comparison.runs],
        "paper": _paper(paper),
        "provenance": story.provenance_block(comparison),
    }


def _network(comparison: Comparison) -> dict[str, Any]:
    """Return what the page says of the secondary network; only what is missing where the series were not kept."""
    missing = network_missing(comparison)
    if missing:
        return {"missing": missing}
    chosen = chosen_run(comparison)
    return {
        "missing": (),
        "tables": network_tables(comparison),
        "limits": limits_of(comparison),
        "chosen": comparison.reference.name if chosen is None else chosen.name,
    }


def _title(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{names[1] if len(names) == 2 else f'{len(names) - 1} variants'} against {names[0]}"


def _attribution_notes(comparison: Comparison) -> list[tuple[str, str]]:
    records = comparison.attribution.to_dict("records")
    return [(str(row["step"]), str(row["note"])) for row in records if row.get("note")]


def _economics(scores: Mapping[str, EconomicScore]) -> list[dict[str, Any]]:
    """Return what the page says about money, one section a scenario."""
    return [
        {
            "name": name,
            "incremental": score.incremental,
            "text": story.money_text(score),
            "capex": tables.capex_block(score.capex) if len(score.capex) else None,
            "cash_flow": tables.cash_flow_block(score.cash_flow),
        }
        for name, score in scores.items()
    ]


def _paper(paper: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Return the paper's figures by section, with a class that colours the verdict."""
    if paper is None:
        return []
    made = []
    paper = paper.astype(str).replace(QUOTED, r"“\1”", regex=True).replace({"unit": {"-": ""}})
    for section, part in paper.groupby("section", sort=False):
        block = story.frame_block(
            part[["figure", "reported", "computed", "unit", "verdict", "why"]].reset_index(drop=True), str(section)
        )
        kinds = [_verdict_class(str(verdict)) for verdict in part["verdict"]]
        made.append(
            {"heading": str(section), "columns": block.columns, "rows": list(zip(kinds, block.rows, strict=True))}
        )
    return made


def _verdict_class(verdict: str) -> str:
    return next((kind for start, kind in VERDICT_CLASSES.items() if verdict.lower().startswith(start)), "plain")
