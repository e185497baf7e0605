"""What the substation takes from the primary: the main line and the third pipe's heater."""

from __future__ import annotations

from typing import NamedTuple

from dhsim.control.commands import Commands
from dhsim.elementwise import inlined
from dhsim.engine.dhw import dhw_heater
from dhsim.engine.loop import Instant, LoopPoint
from dhsim.engine.state import Work
from dhsim.model.system import Floats, Substation


class Primary(NamedTuple):
    """What the substation takes from the primary; scalars."""

    heat_w: float
    mass_flow_kg_s: float
    mass_flow_dhw_kg_s: float
    """Of the third pipe's heater, or of all local exchangers."""
    temp_return_c: float
    loss_third_pipe_w: float
    status: int


@inlined
def primary_side(
    substation: Substation, commands: Commands, instant: Instant, loop: LoopPoint, tap_kg_s: Floats, work: Work
) -> Primary:
    """Return flow, heat and return temperature of the primary: main line and third pipe's heater; writes heat_tap_w."""
    cp, t1 = substation.heat_capacity_water_j_kgk, instant.temp_supply_primary_c
    main_kg_s = loop.point.mass_flow_kg_s * (1.0 - loop.point.mixing_share)
    heat, flow = main_kg_s * cp * (t1 - loop.temp_return_c), main_kg_s
    dhw_kg_s, loss_third_w, status = 0.0, 0.0, 0
    if commands.third_pipe_ok == 1:
        tap = tap_kg_s.sum()
        dhw = dhw_heater(
            t1,
            tap,
            instant.temp_cold_c,
            substation.temp_hot_c,
            substation.loss_third_pipe_w,
            substation.ua_dhw_w_k,
            cp,
        )
        for i in range(tap_kg_s.size):
            work.heat_tap_w[i] = dhw.heat_tap_w * tap_kg_s[i] / tap if tap > 0.0 else 0.0
        heat += dhw.mass_flow_kg_s * cp * (t1 - dhw.temp_return_c)
        flow += dhw.mass_flow_kg_s
        dhw_kg_s, loss_third_w, status = dhw.mass_flow_kg_s, dhw.heat_loss_w, dhw.status
    else:
        for i in range(tap_kg_s.size):
            dhw_kg_s += work.draw_kg_s[i]
    back = t1 - heat / (flow * cp) if flow > 0.0 else t1
    return Primary(heat, flow, dhw_kg_s, back, loss_third_w, status)
