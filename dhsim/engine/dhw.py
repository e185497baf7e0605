"""Domestic hot water: the heater of the third pipe, and the local exchangers of the buildings."""

from __future__ import annotations

import math
from typing import NamedTuple

from dhsim.elementwise import compiled, inlined
from dhsim.engine.state import Work
from dhsim.errors import Status
from dhsim.model.system import Buildings, Floats, Substation
from dhsim.physics.exchanger import hot_return_temp_c

_DHW_SHORT = int(Status.DHW_SHORT)
CIRCULATION_DROP_K = 5.0
"""Temperature drop of the third pipe's circulation, which sizes its flow."""
DHW_APPROACH_MIN_K = 3.0
"""Hot water cannot come closer to its heating water than this."""


class DhwPoint(NamedTuple):
    """A DHW heater at work; scalars."""

    mass_flow_kg_s: float
    temp_return_c: float
    heat_tap_w: float
    heat_loss_w: float
    status: int


@compiled
def dhw_heater(
    temp_supply_c: float,
    tap_kg_s: float,
    temp_cold_c: float,
    temp_hot_c: float,
    loss_circulation_w: float,
    ua_w_k: float,
    heat_capacity_j_kgk: float,
) -> DhwPoint:
    """Return flow and return temperature of a counterflow DHW heater that covers draw and circulation.

    Where the supply is too cold, the water is delivered colder and the status says DHW_SHORT.

    Parameters
    ----------
    temp_supply_c
        Heating water [degC].
    tap_kg_s
        Hot water drawn [kg/s].
    temp_cold_c, temp_hot_c
        Cold water, and hot water wanted [degC].
    loss_circulation_w
        Heat loss of the circulation, which comes back 5 K colder [W].
    ua_w_k
        Of the exchanger [W/K].
    heat_capacity_j_kgk
        Of water [J/(kg K)].
    """
    if tap_kg_s <= 0.0 and loss_circulation_w <= 0.0:
        return DhwPoint(0.0, temp_supply_c, 0.0, 0.0, 0)
    status = 0
    hot = temp_hot_c
    if hot > temp_supply_c - DHW_APPROACH_MIN_K:
        hot, status = temp_supply_c - DHW_APPROACH_MIN_K, _DHW_SHORT
    if hot <= temp_cold_c:
        return DhwPoint(0.0, temp_supply_c, 0.0, 0.0, _DHW_SHORT)
    circulating = loss_circulation_w / (heat_capacity_j_kgk * CIRCULATION_DROP_K)
    back = max(hot - CIRCULATION_DROP_K, temp_cold_c)
    for _ in range(60):
        inlet = (tap_kg_s * temp_cold_c + circulating * back) / (tap_kg_s + circulating)
        heat_tap = tap_kg_s * heat_capacity_j_kgk * (hot - temp_cold_c)
        heat_loss = circulating * heat_capacity_j_kgk * (hot - back)
        temp_return = hot_return_temp_c(temp_supply_c, inlet, hot, heat_tap + heat_loss, ua_w_k)
        if not math.isnan(temp_return) and temp_return < temp_supply_c:
            flow = (heat_tap + heat_loss) / (heat_capacity_j_kgk * (temp_supply_c - temp_return))
            return DhwPoint(flow, temp_return, heat_tap, heat_loss, status)
        hot = inlet + 0.9 * (hot - inlet)
        back = max(min(back, hot - CIRCULATION_DROP_K), temp_cold_c)
        status = _DHW_SHORT
    return DhwPoint(0.0, temp_supply_c, 0.0, 0.0, _DHW_SHORT)


@inlined
def local_dhw(
    buildings: Buildings, substation: Substation, temp_cold_c: float, tap_kg_s: Floats, step_share: float, work: Work
) -> tuple[float, int]:
    """Write flow and heat of every local DHW exchanger; return the largest change of a flow [kg/s] and the status.

    The flows go the way to what the present supply temperatures ask for by `step_share` (1 = all of it). Where the
    supply is too cold the valve stays as far open as for the coldest that is warm enough, which brings warmer water;
    at the same flows all differences of temperature in the exchanger, and its heat, go with supply less cold water.
    """
    change, status = 0.0, 0
    enough_c = substation.temp_hot_c + DHW_APPROACH_MIN_K
    for i in range(buildings.node.size):
        supply_c = work.temp_supply_node_c[buildings.node[i]]
        point = dhw_heater(
            max(supply_c, enough_c),
            tap_kg_s[i],
            temp_cold_c,
            substation.temp_hot_c,
            0.0,
            buildings.ua_dhw_w_k[i],
            substation.heat_capacity_water_j_kgk,
        )
        moved = step_share * (point.mass_flow_kg_s - work.draw_kg_s[i])
        change = max(change, abs(moved))
        work.draw_kg_s[i] += moved
        work.heat_tap_w[i] = point.heat_tap_w
        status |= point.status
        if supply_c < enough_c and tap_kg_s[i] > 0.0:
            work.heat_tap_w[i] *= max(supply_c - temp_cold_c, 0.0) / (enough_c - temp_cold_c)
            status |= _DHW_SHORT
    return change, status
