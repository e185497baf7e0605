"""Number types with their limits, and what all sections of a scenario file have in common."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
OutdoorTemp = Annotated[float, Field(ge=-70, le=60, allow_inf_nan=False)]
WaterTemp = Annotated[float, Field(ge=0, le=200, allow_inf_nan=False)]
RoomTemp = Annotated[float, Field(ge=0, le=40, allow_inf_nan=False)]


class Section(BaseModel):
    """A part of a scenario: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


CurvePoints = Annotated[list[tuple[float, float]], Field(min_length=2)]


def require_ascending(points: list[tuple[float, float]] | None) -> None:
    """Raise ValueError unless the points ascend in outdoor temperature."""
    if points and any(b[0] <= a[0] for a, b in pairwise(points)):
        raise ValueError("points must ascend in outdoor temperature")


def refuse_bad_points(flow_m3_h: Sequence[float] | None, head_m: Sequence[float] | None) -> None:
    """Raise ValueError unless the points of a pump's curve go with each other and fall."""
    if flow_m3_h is None or head_m is None:
        return
    if len(flow_m3_h) != len(head_m):
        raise ValueError("flow_m3_h and head_m differ in length")
    if any(b <= a for a, b in pairwise(flow_m3_h)):
        raise ValueError("flow_m3_h must ascend")
    if any(b >= a for a, b in pairwise(head_m)):
        raise ValueError("impossible pump: head_m must fall as the flow rises")
