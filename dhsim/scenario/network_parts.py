"""Nodes, pipes, valves, pumps, consumers and producers: what a network file may say of each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dhsim.scenario.piping import PipeConstruction
from dhsim.scenario.section import Finite, NotNegative, Positive, Section, Share, WaterTemp, refuse_bad_points

Id = Annotated[str, Field(min_length=1)]
Point = Annotated[list[Finite], Field(min_length=2, max_length=3)]
LineName = Literal["both", "supply", "return"]


class NetworkNode(Section):
    """A place where things meet, with a supply and a return side."""

    id: Id
    x: Finite | None = None
    """East in metres, or longitude in degrees; see `coordinates`."""
    y: Finite | None = None
    """North in metres, or latitude in degrees."""
    elevation_m: Finite = 0.0

    @model_validator(mode="after")
    def _both_coordinates(self) -> NetworkNode:
        if (self.x is None) != (self.y is None):
            raise ValueError("x and y belong together")
        return self


class _Connection(Section):
    """What stands between two nodes."""

    id: Id
    start: Id
    end: Id
    route: Annotated[list[Point], Field(min_length=1)] | None = None
    """Positions on the map from start to end; the straight line if left out. A length may be taken from it."""


class NetworkPipe(PipeConstruction, _Connection):
    """A trench with supply and return pipe, or one of the two."""

    line: LineName = "both"
    length_m: Positive | None = None
    """Taken from the route, or the nodes' coordinates, if left out."""
    zeta: NotNegative = 0.0
    """Sum of the loss coefficients of the fittings in each pipe."""


class NetworkValve(_Connection):
    """A valve or check valve in a line. In the other line its ends are one place, unless something joins them there."""

    line: LineName
    """`both`: one in each line; in the return line it runs from end to start, as the water does."""
    kvs_m3_h: Positive | None = None
    """Or zeta and diameter_inner_mm."""
    zeta: NotNegative | None = None
    diameter_inner_mm: Positive | None = None
    open: bool = True
    check_valve: bool = False
    """Lets water through from start to end only."""

    @model_validator(mode="after")
    def _resistance(self) -> NetworkValve:
        pair = (self.zeta, self.diameter_inner_mm)
        if (self.kvs_m3_h is None) == (None in pair) or (self.kvs_m3_h is not None and pair != (None, None)):
            raise ValueError("needs either kvs_m3_h, or zeta and diameter_inner_mm")
        return self


class PumpCurve(Section):
    """What one pump does at nominal speed."""

    model: str | None = None
    """An entry of the pump catalogue; or give the curve below."""
    flow_m3_h: Annotated[list[NotNegative], Field(min_length=3)] | None = None
    head_m: Annotated[list[NotNegative], Field(min_length=3)] | None = None
    """Head at the flows of `flow_m3_h`."""
    speed_rel: Annotated[float, Field(gt=0, le=1.5)] = 1.0
    count: Annotated[int, Field(ge=1, le=20)] = 1
    """Equal pumps in parallel."""

    @model_validator(mode="after")
    def _curve(self) -> PumpCurve:
        pair = (self.flow_m3_h, self.head_m)
        if (self.model is None) == (None in pair) or (self.model is not None and pair != (None, None)):
            raise ValueError("needs either model, or flow_m3_h and head_m")
        refuse_bad_points(self.flow_m3_h, self.head_m)
        return self


class NetworkPump(PumpCurve, _Connection):
    """Pumps in a line, with a check valve. In the other line their ends are one place, as those of a valve."""

    line: Literal["supply", "return"]
    on: bool = True
    """false: they stand still; water passes only through what lies beside them."""


class ProducerPumps(PumpCurve):
    """The pumps of the first producer."""

    efficiency_best: Annotated[float, Field(gt=0.05, lt=0.95)] | None = None
    """The model's if left out; as the flow below."""
    flow_best_m3_h: Positive | None = None

    @model_validator(mode="after")
    def _best(self) -> ProducerPumps:
        if self.model is None and None in (self.efficiency_best, self.flow_best_m3_h):
            raise ValueError("a pump without model needs efficiency_best and flow_best_m3_h")
        return self


_FLOW_KEYS = ("mass_flow_kg_s", "kvs_m3_h", "orifice_mm", "nozzle_mm", "mass_flow_design_kg_s")
_COOLING_KEYS = ("heat_kw", "temp_drop_k", "temp_return_c")


class NetworkConsumer(Section):
    """What takes water from the supply and gives it back to the return side of its node.

    Its flow follows from the keys: `mass_flow_kg_s`; `heat_kw` with `temp_drop_k` or `temp_return_c`; or, driven by the
    pressure, one of `kvs_m3_h`, `orifice_mm`, `nozzle_mm`, or `mass_flow_design_kg_s` with `dp_design_kpa`. A given or
    driven flow needs one of `heat_kw`, `temp_drop_k`, `temp_return_c` to say how much it cools.
    """

    id: Id
    node: Id | None = None
    """The node that bears its id if left out."""
    building: str | None = None
    """For several consumers in one building."""
    x: Finite | None = None
    """Where it is drawn, if not at its node."""
    y: Finite | None = None
    on: bool = True
    mass_flow_kg_s: NotNegative | None = None
    heat_kw: NotNegative | None = None
    temp_drop_k: NotNegative | None = None
    temp_return_c: WaterTemp | None = None
    kvs_m3_h: Positive | None = None
    orifice_mm: Positive | None = None
    """Hole of a throttle washer."""
    nozzle_mm: Positive | None = None
    """Nozzle of a jet pump."""
    mass_flow_design_kg_s: Positive | None = None
    """Flow at dp_design_kpa."""
    dp_design_kpa: Positive | None = None
    dp_min_kpa: NotNegative = 0.0
    """Differential pressure that it needs."""
    height_m: NotNegative | None = None
    """Of the building's highest radiator above the node."""
    connection: Literal["direct", "exchanger"] = "direct"
    """`direct`: network water runs through its radiators."""
    pressure_max_kpa: Positive = 600.0
    """Overpressure that directly connected radiators bear; 600 is cast iron's."""

    @model_validator(mode="after")
    def _kind(self) -> NetworkConsumer:
        flows = [name for name in _FLOW_KEYS if getattr(self, name) is not None]
        cooling = [name for name in _COOLING_KEYS if getattr(self, name) is not None]
        if (self.x is None) != (self.y is None):
            raise ValueError("x and y belong together")
        if (self.mass_flow_design_kg_s is None) != (self.dp_design_kpa is None):
            raise ValueError("mass_flow_design_kg_s and dp_design_kpa belong together")
        if len(flows) > 1:
            raise ValueError(f"one key fixes the flow (got {' and '.join(flows)})")
        if flows and len(cooling) != 1:
            got = " and ".join(cooling) or "none"
            raise ValueError(f"{flows[0]} needs one of heat_kw, temp_drop_k, temp_return_c beside it (got {got})")
        if not flows:
            if self.heat_kw is None or len(cooling) != 2:
                got = " and ".join(cooling) or "none"
                raise ValueError(f"needs a flow, or heat_kw with either temp_drop_k or temp_return_c (got {got})")
            if self.temp_drop_k == 0.0:
                raise ValueError("temp_drop_k must be above 0 where it fixes the flow")
        return self


class NetworkProducer(Section):
    """A plant or a connection to one: takes water from the return and gives it to the supply side of its node.

    The first one holds the pressure level. It lifts by `lift_kpa`, or by what its pumps are controlled to; a further
    one by `lift_kpa`, or it feeds `mass_flow_kg_s`.
    """

    id: Id
    node: Id | None = None
    """The node that bears its id if left out."""
    x: Finite | None = None
    """Where it is drawn, if not at its node."""
    y: Finite | None = None
    temp_supply_c: WaterTemp
    pressure_return_kpa: NotNegative | None = None
    """Overpressure at its return side; of the first producer."""
    lift_kpa: Positive | None = None
    mass_flow_kg_s: NotNegative | None = None
    pumps: ProducerPumps | None = None
    control: Literal["fixed", "worst_consumer", "proportional", "speed"] = "fixed"
    """`fixed`: lift_kpa. `worst_consumer`: dp_set_kpa at the consumer that has least. `proportional`: lift_kpa at
    mass_flow_design_kg_s, lift_zero_rel of it at no flow, in line between. `speed`: the pumps at their speed_rel."""
    dp_set_kpa: NotNegative | None = None
    lift_zero_rel: Share = 0.5
    mass_flow_design_kg_s: Positive | None = None

    @model_validator(mode="after")
    def _lift(self) -> NetworkProducer:
        if (self.x is None) != (self.y is None):
            raise ValueError("x and y belong together")
        needed = {
            "fixed": ("lift_kpa",),
            "worst_consumer": ("dp_set_kpa",),
            "proportional": ("lift_kpa", "mass_flow_design_kg_s"),
            "speed": ("pumps",),
        }[self.control]
        if self.mass_flow_kg_s is not None:
            beside = [name for name in ("lift_kpa", "pumps", "dp_set_kpa") if getattr(self, name) is not None]
            if beside or self.control != "fixed":
                raise ValueError(
                    f"mass_flow_kg_s alone fixes what it feeds (got {' and '.join(beside) or 'control'} too)"
                )
            return self
        for name in needed:
            if getattr(self, name) is None:
                other = " or mass_flow_kg_s" if self.control == "fixed" else ""
                raise ValueError(f"control {self.control} needs {name}{other}")
        if self.dp_set_kpa is not None and self.control != "worst_consumer":
            raise ValueError(f"dp_set_kpa needs control worst_consumer (control is {self.control})")
        return self
