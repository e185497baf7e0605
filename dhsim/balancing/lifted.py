"""The Pareto problem (35) in a form that an interior-point solver follows: smooth, sparse, everything near one.

Flows, pressures and friction roots are variables beside the valves; so are alpha and a scale for the best case,
``v = nu (1 + alpha (r - 1))``, and a scale and an upper bound of each zone's square for the worst case. Colebrook's law
is explicit in ``y = Re sqrt(f)``: ``Re = -2 y log10(2.51/y + s)``, ``dp = K (y/c)^2``. An edge with a friction law has
y as its variable, another one its flow. Both are signed where the flow can turn round: on the edges of a loop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from dhsim.balancing.bounds import best_case, relaxed_worst_case, supply_box
from dhsim.balancing.present import COLEBROOK_FLOW, Present, drops, flow_through, friction_variable, pressures
from dhsim.errors import MissingExtraError
from dhsim.model.building_hydraulics import BuildingFlow
from dhsim.network.parts import Floats, Ints

OBJECTIVE_UNIT = 1e-3
"""Of the objective: F/|theta|^2 in this unit is near one for a building of the usual quality."""
_DROP_LEAST_REL = 1e-2
_SCALE_RANGE = (1e-6, 1e6)
_FLOW_LEAST_REL = 1e-6  # of its scale, where an edge cannot turn round
_FLOW_MARGIN = 1.01
_FLOW_SMOOTH_REL = 1e-4  # of its scale, where it can: q |q| becomes q sqrt(q^2 + that^2)
_VARIABLE_LEAST = 2.6  # of Colebrook's law, whose flow is nothing at y = 2.51 on a smooth wall
_VARIABLE_SMOOTH = 5.0  # takes the place of a smaller |y|: below a Reynolds number of about 20
_SETTING_SAME = 1e-12
_TOTAL_MARGIN = 1e-6  # the ports' polynomials are good to a few 1e-8: what is solved exactly shall still keep the flow
_OPTIONS: dict[str, Any] = {
    "print_time": False,
    "ipopt.print_level": 0,
    "ipopt.sb": "yes",
    "ipopt.tol": 1e-8,
    "ipopt.max_iter": 300,
    # everything is near one as it stands: scaling it again, and refining steps, takes a quarter of the time
    "ipopt.nlp_scaling_method": "none",
    "ipopt.mumps_permuting_scaling": 0,
    "ipopt.mumps_scaling": 0,
    "ipopt.fast_step_computation": "yes",
}
# what IPOPT calls it when CasADi meets a signal: between two steps, or while it evaluates the problem's functions
_STOPPED = ("User_Requested_Stop", "NonIpopt_Exception_Thrown")
_TOL_KICK = 1e-6  # worth some 1e-9 of F/|theta|^2; where the total flow is kept, that must be met better
_PUSH = ("bound_push", "bound_frac", "slack_bound_push", "slack_bound_frac")
_WARM_PUSH = tuple(f"warm_start_{name}" for name in (*_PUSH, "mult_bound_push"))


class Thermal(NamedTuple):
    """Coefficients in samples: arrays of shape (n_sample, n_zone)."""

    theta_per_s: Floats
    nu_per_s: Floats


class Rows(NamedTuple):
    """Bounds of variables and constraints; arrays."""

    low: Floats
    high: Floats
    row_low: Floats
    row_high: Floats


class Found(NamedTuple):
    """What the solver came to."""

    x: Floats
    dual_rows: Floats
    dual_x: Floats
    converged: bool


@dataclass(frozen=True, eq=False)
class Lifted:
    """Solvers of one problem, and where its variables stand."""

    present: Present
    thermal: Thermal
    """theta of length one, nu of the same direction's best scale"""
    cold: Any
    kick: Any
    warm: Any
    slopes: Any
    """Derivatives of the circuit's equations and of the zones' flow ratios, and these, over the first variables"""
    rows: Rows
    n_free: int
    row_total: int
    quantile: float | None


def casadi_module() -> Any:
    """Return CasADi, or say which extra brings it."""
    try:
        import casadi
    except ImportError:
        raise MissingExtraError('the Pareto optimiser needs CasADi: pip install "dhsim[balancing]"') from None
    return casadi


def lifted(
    present: Present, thermal: Thermal, total_flow_tolerance_rel: float | None, quantile: float | None
) -> Lifted:
    """Return the problem with its solvers: cold, after a kick, and warm along the weighting."""
    ca = casadi_module()
    size = np.linalg.norm(thermal.theta_per_s, axis=1, keepdims=True)
    fit = (thermal.theta_per_s * thermal.nu_per_s).sum(axis=1) / (thermal.nu_per_s**2).sum(axis=1)
    scaled = Thermal(thermal.theta_per_s / size, thermal.nu_per_s * fit[:, None] / size)
    hydraulic = hydraulic_part(ca, present)
    goal = _goal(ca, scaled, hydraulic["ratio"], quantile)
    rows = ca.vertcat(*hydraulic["rows"], hydraulic["total"], *goal["rows"])
    n_equal = len(hydraulic["rows"])
    problem = {
        "x": ca.vertcat(*hydraulic["x"], *goal["x"]),
        "f": goal["objective"],
        "g": rows,
        "p": goal["zeta"],
    }
    cold, kick, warm = _solvers(
        ca, problem, _OPTIONS["ipopt.tol"] if total_flow_tolerance_rel is not None else _TOL_KICK
    )
    bounds = _bounds(present, scaled, rows.numel(), n_equal, total_flow_tolerance_rel, quantile)
    x = ca.vertcat(*hydraulic["x"])
    equations, ratio = ca.vertcat(*hydraulic["rows"]), hydraulic["ratio"]
    slopes = ca.Function("slopes", [x], [ca.jacobian(equations, x), ca.jacobian(ratio, x), ratio])
    return Lifted(present, scaled, cold, kick, warm, slopes, bounds, present.free.size, n_equal, quantile)


def hydraulic_part(ca: Any, present: Present) -> dict[str, Any]:
    """Return variables, equations, zone flow ratios and total flow of the circuit."""
    found, building = present.condensed, present.circuit.building
    dp, scale = building.dp_pump_pa, present.scale_edge_m3_s
    plain = np.flatnonzero(present.main_pipe < 0)
    setting = ca.SX.sym("setting", present.free.size)
    pressure = ca.SX.sym("pressure", found.n_node - 2)
    root, flow = ca.SX.sym("root", found.pipe_edge.size), ca.SX.sym("flow", plain.size)
    y = root * present.variable_pipe
    size = ca.vertcat(*[
        ca.sqrt(y[int(p)] ** 2 + _VARIABLE_SMOOTH**2) if present.both_ways[e] else y[int(p)]
        for p, e in enumerate(found.pipe_edge)
    ])  # fmt: skip
    flow_pipe = -2.0 * y * ca.log10(COLEBROOK_FLOW / size + found.pipe_share) / found.pipe_reynolds_s_m3
    drop_pipe = (found.pipe_drop_pa / dp) * y * size
    through: list[Any] = [flow_pipe[int(p)] if p >= 0 else None for p in present.main_pipe]
    for i, e in enumerate(plain):
        through[e] = flow[i] * scale[e]
    drop = [
        (k / dp) * q * (ca.sqrt(q**2 + (_FLOW_SMOOTH_REL * unit) ** 2) if signed else q)
        for k, q, unit, signed in zip(found.quadratic_pa_s2_m6, through, scale, present.both_ways, strict=True)
    ]
    rows = []
    for p, e in enumerate(found.pipe_edge):
        drop[e] += drop_pipe[p]
        if present.main_pipe[e] != p:
            rows.append((flow_pipe[p] - through[e]) / scale[e])
    settings = building.resistance_valves_pa_s2_m6[present.free]
    for v, e in enumerate(found.valve_edge):
        drop[e] += (settings[v] / dp) * ca.exp(setting[v]) * through[e] ** 2
    at, entering, ratio = _pressures_and_ports(ca, present, pressure)
    balance = [-flow_in for flow_in in entering]
    carried = np.zeros(found.n_node)
    for i, (a, b) in enumerate(zip(found.start.tolist(), found.end.tolist(), strict=True)):
        rows.append((at[a] - at[b] - drop[i]) / max(present.drop_edge_pa[i] / dp, _DROP_LEAST_REL))
        balance[a] -= through[i]
        balance[b] += through[i]
        carried[a] += present.flow_edge_m3_s[i]
        carried[b] += present.flow_edge_m3_s[i]
    rows += [balance[n] / carried[n] for n in range(2, found.n_node)]
    for r in building.radiators:
        z = int(building.zone[r])
        if found.edge_of[r] >= 0:
            ratio[z] += through[found.edge_of[r]] * (found.share_of[r] / present.flow.flow_zone_m3_s[z])
    total = -balance[0] / present.flow.flow_total_m3_s
    return {"x": (setting, pressure, root, flow), "rows": rows, "ratio": ca.vertcat(*ratio), "total": total}


def _pressures_and_ports(ca: Any, present: Present, variable: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the pressure of each node, the flow into its port, and what ports give to each zone.

    The variable of a node with a port is u of the port, that of any other node its pressure.
    """
    found, ports, building = present.condensed, present.ports, present.circuit.building
    at: list[Any] = [1.0, 0.0, *(variable[n] for n in range(found.n_node - 2))]
    entering: list[Any] = [0.0] * found.n_node
    u = [variable[int(n) - 2] for n in ports.node]
    for i, n in enumerate(ports.node):
        at[n] = (ports.pressure_pa[i] / building.dp_pump_pa) * ca.exp(ports.middle[i] + ports.half[i] * u[i])
        entering[n] = ca.exp(_polynomial(ports.total[i], u[i]))
    ratio: list[Any] = [0.0] * building.n_zone
    for port, z, powers in zip(ports.zone_port, ports.zone, ports.zone_flow, strict=True):
        ratio[z] += ca.exp(_polynomial(powers, u[port])) / present.flow.flow_zone_m3_s[z]
    return at, entering, ratio


def _polynomial(powers: Floats, u: Any) -> Any:
    value: Any = 0.0
    for coefficient in powers[::-1].tolist():
        value = value * u + coefficient
    return value


def _goal(ca: Any, scaled: Thermal, ratio: Any, quantile: float | None) -> dict[str, Any]:
    """Return variables, inequalities and objective of the performance bounds."""
    n_sample, n_zone = scaled.theta_per_s.shape
    scale = ca.SX.sym("scale", 2, n_sample)
    alpha, square = ca.SX.sym("alpha", n_zone, n_sample), ca.SX.sym("square", n_zone, n_sample)
    zeta = ca.SX.sym("zeta")
    rows, each = [], []
    for i in range(n_sample):
        theta, nu = scaled.theta_per_s[i], scaled.nu_per_s[i]
        rows.append(square[:, i] - (theta - scale[1, i] * nu) ** 2 / OBJECTIVE_UNIT)
        rows.append(square[:, i] - (theta - scale[1, i] * nu * ratio) ** 2 / OBJECTIVE_UNIT)
        best = ca.sumsqr(theta - scale[0, i] * nu * (1.0 + alpha[:, i] * (ratio - 1.0))) / OBJECTIVE_UNIT
        each.append(zeta * best + (1.0 - zeta) * ca.sum1(square[:, i]))
    x = [ca.vec(scale), ca.vec(alpha), ca.vec(square)]
    if quantile is None:
        return {"x": x, "rows": rows, "objective": sum(each) / n_sample, "zeta": zeta}
    level, above = ca.SX.sym("level"), ca.SX.sym("above", n_sample)
    rows.append(above - ca.vertcat(*each) + level)
    objective = level + ca.sum1(above) / (n_sample * (1.0 - quantile))
    return {"x": [*x, level, above], "rows": rows, "objective": objective, "zeta": zeta}


def kick_options() -> dict[str, Any]:
    """Return the solver's options for a start that is near, but not near enough for a warm one."""
    return _OPTIONS | {"ipopt.mu_init": 1e-3} | {f"ipopt.{name}": 1e-4 for name in _PUSH}


def _solvers(ca: Any, problem: dict[str, Any], tol_kick: float) -> tuple[Any, Any, Any]:
    cold = ca.nlpsol("cold", "ipopt", problem, _OPTIONS)
    names = {"grad_f": "nlp_grad_f", "jac_g": "nlp_jac_g", "hess_lag": "nlp_hess_l"}
    shared = _OPTIONS | {name: cold.get_function(inner) for name, inner in names.items()}
    after = kick_options() | {"ipopt.tol": tol_kick}
    along = {"ipopt.mu_init": 1e-6, "ipopt.warm_start_init_point": "yes"} | {f"ipopt.{n}": 1e-8 for n in _WARM_PUSH}
    made = [ca.nlpsol(name, "ipopt", problem, shared | more) for name, more in (("kick", after), ("warm", along))]
    return cold, made[0], made[1]


def _bounds(
    present: Present, scaled: Thermal, n_row: int, n_equal: int, tolerance_rel: float | None, quantile: float | None
) -> Rows:
    found, building, free = present.condensed, present.circuit.building, present.free
    n_sample, n_zone = scaled.theta_per_s.shape
    valves = building.valves[free]
    settings = building.resistance_valves_pa_s2_m6[free]
    pressure_low, pressure_high = np.full(found.n_node - 2, -0.5), np.full(found.n_node - 2, 1.5)
    pressure_low[present.ports.node - 2], pressure_high[present.ports.node - 2] = -1.0, 1.0
    more = 0 if quantile is None else 1
    pairs = [
        (np.log(building.resistance_min_pa_s2_m6[valves] / settings) - _SETTING_SAME,
         np.log(building.resistance_max_pa_s2_m6[valves] / settings) + _SETTING_SAME),
        (pressure_low, pressure_high),
        *flow_ranges(present),
        tuple(np.full(2 * n_sample, side) for side in _SCALE_RANGE),
        (np.zeros(n_sample * n_zone), np.ones(n_sample * n_zone)),
        (np.zeros(n_sample * n_zone), np.full(n_sample * n_zone, np.inf)),
        (np.full(more, -np.inf), np.full(more, np.inf)),
        (np.zeros(more * n_sample), np.full(more * n_sample, np.inf)),
    ]  # fmt: skip
    row_low, row_high = np.zeros(n_row), np.full(n_row, np.inf)
    row_high[:n_equal] = 0.0
    if tolerance_rel is not None:
        inside = tolerance_rel - min(_TOTAL_MARGIN, 0.5 * tolerance_rel)
        row_low[n_equal], row_high[n_equal] = 1.0 - inside, 1.0 + inside
    low, high = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    return Rows(low, high, row_low, row_high)


def flow_ranges(present: Present) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return the smallest and largest y and flow, in their scale: what the pump drives through the edge alone."""
    found, building = present.condensed, present.circuit.building
    dp, pipe = building.dp_pump_pa, found.pipe_edge
    least = found.quadratic_pa_s2_m6.copy()
    np.add.at(least, found.valve_edge, building.resistance_min_pa_s2_m6[building.valves[present.free]])
    plain = present.main_pipe < 0
    high_flow = _FLOW_MARGIN * np.sqrt(dp / least[plain]) / present.scale_edge_m3_s[plain]
    high_y = _FLOW_MARGIN * np.sqrt(dp / found.pipe_drop_pa) / present.variable_pipe
    none = _VARIABLE_LEAST / (1.0 - found.pipe_share) / present.variable_pipe
    low_y = np.where(present.both_ways[pipe], -high_y, np.minimum(np.maximum(_FLOW_LEAST_REL, none), 0.99))
    low_flow = np.where(present.both_ways[plain], -high_flow, _FLOW_LEAST_REL)
    return (low_y, high_y), (low_flow, high_flow)


def without_total(model: Lifted) -> Lifted:
    """Return the problem without its bounds on the total flow."""
    row_low, row_high = model.rows.row_low.copy(), model.rows.row_high.copy()
    row_low[model.row_total], row_high[model.row_total] = 0.0, np.inf
    return replace(model, rows=model.rows._replace(row_low=row_low, row_high=row_high))


def start_at(model: Lifted, flow: BuildingFlow, log_setting: Floats, zeta: float) -> Floats:
    """Return values of all variables at a solved circuit, with the scales, alphas and squares that are best there."""
    present, found = model.present, model.present.condensed
    building, ports = present.circuit.building, present.ports
    scale = present.scale_edge_m3_s
    through = flow_through(found, flow)
    through = np.where(present.both_ways, through, np.maximum(through, _FLOW_LEAST_REL * scale))
    drop = drops(found, building, present.free, through, log_setting)
    pressure = pressures(found, present.walk, drop, building.dp_pump_pa)
    y = friction_variable(found.pipe_reynolds_s_m3 * through[found.pipe_edge], found.pipe_share)
    variable = pressure / building.dp_pump_pa
    rise = np.log(np.maximum(pressure[ports.node], 1e-6 * ports.pressure_pa) / ports.pressure_pa)
    variable[ports.node] = np.clip((rise - ports.middle) / ports.half, -1.0, 1.0)
    plain = present.main_pipe < 0
    root = np.sign(through[found.pipe_edge]) * y / present.variable_pipe
    hydraulic = [log_setting, variable[2:], root, (through / scale)[plain]]
    ratio = flow.flow_zone_m3_s / present.flow.flow_zone_m3_s
    return np.concatenate([*hydraulic, *_goal_start(model, ratio, zeta)])


def _goal_start(model: Lifted, ratio: Floats, zeta: float) -> list[Floats]:
    scales, alphas, squares, each = [], [], [], []
    for theta, nu in zip(*model.thermal, strict=True):
        box = supply_box(nu, ratio)
        best, worst = best_case(theta, box), relaxed_worst_case(theta, box)
        change = nu * (ratio - 1.0)
        moved = np.abs(ratio - 1.0) > 1e-6
        alpha = np.clip((best.nu_per_s - nu) / np.where(moved, change, 1.0), 0.0, 1.0)
        scales.append([best.scale, worst.scale])
        alphas.append(np.where(moved, alpha, 0.5))
        ends = ((theta - worst.scale * side) ** 2 for side in box)
        squares.append(np.maximum(*ends) / OBJECTIVE_UNIT)
        each.append((zeta * best.proxy_per_s2 + (1.0 - zeta) * worst.proxy_per_s2) / OBJECTIVE_UNIT)
    parts = [np.ravel(part) for part in (scales, alphas, squares)]
    if model.quantile is not None:
        level = float(np.quantile(each, model.quantile))
        parts += [np.array([level]), np.maximum(np.array(each) - level, 0.0)]
    return parts


def run(
    model: Lifted, solver: Any, zeta: float, x: Floats, dual: Found | None = None, held: Ints | None = None,
    held_at: Floats | None = None,
) -> Found:  # fmt: skip
    """Solve at one weighting from a start; valves in `held` (of the free ones) stay at `held_at`."""
    low, high = model.rows.low, model.rows.high
    if held is not None and held_at is not None:
        low, high, x = low.copy(), high.copy(), x.copy()
        low[held] = high[held] = x[held] = held_at
    duals = {} if dual is None else {"lam_g0": dual.dual_rows, "lam_x0": dual.dual_x}
    ends = {"lbx": low, "ubx": high, "lbg": model.rows.row_low, "ubg": model.rows.row_high}
    result, converged = solved(solver, x0=x, p=zeta, **ends, **duals)
    x, rows, bounds = (np.asarray(result[name]).ravel() for name in ("x", "lam_g", "lam_x"))
    return Found(x, rows, bounds, converged)


def solved(solver: Any, **given: Any) -> tuple[Any, bool]:
    """Return what a solver came to and whether it converged; Ctrl-C, which it takes for itself, is passed on."""
    try:
        result = solver(**given)
    except RuntimeError as error:
        if "KeyboardInterrupt" in str(error):
            raise KeyboardInterrupt from error
        raise
    stats = solver.stats()
    if stats["return_status"] in _STOPPED:
        raise KeyboardInterrupt
    return result, bool(stats["success"])
