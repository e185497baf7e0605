"""Figures of several rounds: what is drawn is what was found, also for many flats and for none that is told."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.flow_response import FlowResponse
from dhsim.balancing.round_errors import ZoneErrors
from dhsim.report.figures_rounds import single_radiator, transfer_units


def response_of(count: int, share: float) -> FlowResponse:
    random = np.random.default_rng(1)
    ntu = np.linspace(0.2, 0.9, count)
    drawn = ntu * np.exp(0.3 * random.standard_normal((200, count)))
    ones = np.ones(count)
    return FlowResponse(
        tuple(f"flat {z}" for z in range(count)),
        ones,
        ones,
        ntu,
        ones,
        ones,
        np.ones((200, count)),
        np.ones((200, count)),
        drawn,
        np.full(count, 0.05),
        4187.0,
        np.full(count, share),
        (),
    )


@pytest.mark.parametrize(("count", "share", "label"), [(70, 0.5, "told by"), (12, 0.95, "mostly the assumption")])
def test_transfer_units_are_drawn_by_rising_value_with_names(count: int, share: float, label: str) -> None:
    response = response_of(count, share)
    [panel] = transfer_units(response, response.mass_flow_zone_kg_s).axes
    [dots] = [line for line in panel.lines if label in str(line.get_label())]
    assert np.allclose(dots.get_ydata(), response.ntu)
    assert [text.get_text() for text in panel.get_xticklabels()] == list(response.zone_ids)
    assert "transfer units" in panel.get_ylabel()


def test_flats_without_water_are_left_blank() -> None:
    errors = ZoneErrors(
        np.array([2, 3, 1]),
        np.full(3, 0.4),
        np.zeros(3, bool),
        np.array([0.01, np.nan, 0.0]),
        np.array([0.03, 0.02, 0.0]),
    )
    [panel] = single_radiator(("a", "b", "c"), errors, True).axes
    assert "%" in panel.get_ylabel()
    assert {str(line.get_label()) for line in panel.lines} == {"now", "with the settings to come"}
    [plain] = single_radiator(("a", "b", "c"), errors, False).axes
    assert {str(line.get_label()) for line in plain.lines} == {"now"}
