from __future__ import annotations

import numpy as np
import pandas as pd

from dhsim.report.validation_page import render_validation
from dhsim.study.validation.types import CaseResult, Check, at_most, within


def cases() -> list[CaseResult]:
    checks = (
        within("Flow <a>", "kg/h", 8848.0, 8848.1, relative=1e-3, peers=pd.Series([8847.9, 8870.4])),
        within("Outlet", "°C", 33.4, 35.757, absolute=0.3, not_alike=True, why="five volumes"),
        at_most("Balance", "%", 2e-14, 0.01),
        at_most("Error", "K", 1.2, 0.9),
        Check("Late", "%", -0.5, float("nan")),
    )
    time = np.linspace(0.0, 10.0, 5)
    outlet = pd.DataFrame({"predicted": time, "measured": time, "inlet": time + 5.0}, index=time)
    return [CaseResult("first", "First", "a source", "text", checks), CaseResult("liege", "Second", "", "", (),
            {"one": outlet, "two": outlet})]  # fmt: skip


def test_the_page_holds_everything_itself() -> None:
    page = render_validation(cases())
    assert page.count('<img src="data:image/svg+xml;base64,') == 2
    assert "http" not in page.replace("http-equiv", "")
    assert "Flow &lt;a&gt;" in page


def test_rows_show_value_reference_spread_and_verdict() -> None:
    page = render_validation(cases())
    assert "8\u2009848.0" in page
    assert "8\u2009847.9 … 8\u2009870.4" in page
    assert "± 0.1 %" in page
    for verdict in ("passed", "not alike", "not passed", "shown"):
        assert f'<td class="verdict">{verdict}</td>' in page
    assert "five volumes" in page
    assert "2e-14" in page


def test_the_same_cases_give_the_same_bytes() -> None:
    assert render_validation(cases()) == render_validation(cases())
