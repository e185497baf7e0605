from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from dhsim.report.html import render_report, write_report
from dhsim.study.types import Comparison

PAPER = pd.DataFrame(
    [
        ("Physical", "CPT", "0.3", 0.32, "degC", "reproduced", "follows from eqs. (1)-(6)"),
        ("Money", "IRR & payback", "25.4", None, "%", "not possible", "a < b"),
    ],
    columns=["section", "figure", "reported", "computed", "unit", "verdict", "why"],
)
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Reader(HTMLParser):
    """Checks that tags close in order, and collects ids, links and sources."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [values["id"]] if values.get("id") else []
        self.links += [values["href"]] if values.get("href") else []
        self.sources += [values["src"]] if values.get("src") else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(comparison: Comparison) -> str:
    return render_report(comparison, PAPER)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_page_is_well_formed_and_loads_nothing(page: str) -> None:
    reader = read(page)
    assert len(reader.ids) == len(set(reader.ids))
    assert all(link.startswith("#") and link[1:] in reader.ids for link in reader.links)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in reader.sources)
    assert "<script" not in page
    assert not re.search(r"@import|url\(", page)


def test_same_input_same_bytes(comparison: Comparison, tmp_path: Path) -> None:
    first = write_report(comparison, tmp_path / "a", PAPER)
    second = write_report(comparison, tmp_path / "b", PAPER)
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 5e6
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["report.html"]


def test_synthetic_and_calibrated_stand_in_the_box(page: str) -> None:
    box = page[page.index("<aside") : page.index("</aside>")]
    assert "synthetic year" in box
    assert "plant.overshoot_k" in box
    assert "77.2 °C" in box


def test_paper_lines_bear_their_verdict_and_are_escaped(page: str) -> None:
    assert '<tr class="bad">' in page
    assert '<tr class="good">' in page
    assert "IRR &amp; payback" in page
    assert "a &lt; b" in page


def test_each_variant_has_its_money(page: str, comparison: Comparison) -> None:
    money = page[page.index('id="money"') : page.index('id="emissions"')]
    for name in comparison.names[1:]:
        assert f"{name} against baseline" in money
    assert money.count("Bypass line, DN100") == 2
    assert "Each scenario alone" in money


def test_one_run_uses_the_same_page(single: Comparison) -> None:
    page = render_report(single)
    read(page)
    assert "Differences to" not in page
    assert 'id="short"' not in page
    assert 'id="paper"' not in page
    assert "no sign change: there is no IRR" in page


def test_warnings_come_with_advice(make_comparison) -> None:
    page = render_report(make_comparison(("baseline", "variable_flow"), days=100))
    assert "vertical one-pipe risers go out of balance" in page
    assert "UNDERSUPPLY" in page
