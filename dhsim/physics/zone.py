"""How warm rooms and walls get: two nodes, two capacities, one implicit (backward) Euler step.

The room node loses heat to the outdoor air through windows, ventilation and light parts (``ua_direct``) and exchanges
it with the mass node (``ua_inner``); the mass node loses heat to the outdoor air (``ua_outer``). All radiator heat Q
and all gains P go to the room. With ' for the end of the step:

``C_r (T_r' - T_r) / dt = Q + P - ua_d (T_r' - T_o) - ua_i (T_r' - T_m')``
``C_m (T_m' - T_m) / dt = ua_i (T_r' - T_m') - ua_o (T_m' - T_o)``

T_r' is linear in Q: ``T_r' = room_free_temp_c + room_rise_k_w * Q``.
"""

from __future__ import annotations

from dhsim.elementwise import elementwise


@elementwise
def room_rise_k_w(
    ua_direct_w_k: float,
    ua_inner_w_k: float,
    ua_outer_w_k: float,
    heat_capacity_room_j_k: float,
    heat_capacity_mass_j_k: float,
    step_s: float,
) -> float:
    """Return how much a watt of heat lifts the room's temperature at the end of the step.

    ``1 / (C_r/dt + ua_d + ua_i (C_m/dt + ua_o) / (C_m/dt + ua_i + ua_o))``

    Parameters
    ----------
    ua_direct_w_k
        Room to outdoor air [W/K].
    ua_inner_w_k
        Room to mass [W/K].
    ua_outer_w_k
        Mass to outdoor air [W/K].
    heat_capacity_room_j_k
        Capacity of the room node C_r [J/K].
    heat_capacity_mass_j_k
        Capacity of the mass node C_m [J/K].
    step_s
        Time step dt [s].

    Returns
    -------
    float
        Rise [K/W].

    Notes
    -----
    Source: the two balances of the module, mass node eliminated. Stable for every step length.

    Examples
    --------
    >>> round(1.0 / float(room_rise_k_w(1000.0, 0.0, 0.0, 9e8, 1e9, 900.0)))
    1001000
    """
    mass_w_k = heat_capacity_mass_j_k / step_s + ua_outer_w_k
    coupling_w_k = ua_inner_w_k * mass_w_k / (mass_w_k + ua_inner_w_k)
    return 1.0 / (heat_capacity_room_j_k / step_s + ua_direct_w_k + coupling_w_k)


@elementwise
def room_free_temp_c(
    temp_room_c: float,
    temp_mass_c: float,
    temp_outdoor_c: float,
    heat_flow_gain_w: float,
    ua_direct_w_k: float,
    ua_inner_w_k: float,
    ua_outer_w_k: float,
    heat_capacity_room_j_k: float,
    heat_capacity_mass_j_k: float,
    step_s: float,
) -> float:
    """Return the room temperature at the end of the step without radiator heat.

    Parameters
    ----------
    temp_room_c, temp_mass_c
        Room and mass at the start of the step [degC].
    temp_outdoor_c
        Outdoor air during the step [degC].
    heat_flow_gain_w
        Gains of people, appliances and sun P [W].
    ua_direct_w_k
        Room to outdoor air [W/K].
    ua_inner_w_k
        Room to mass [W/K].
    ua_outer_w_k
        Mass to outdoor air [W/K].
    heat_capacity_room_j_k, heat_capacity_mass_j_k
        Capacities of the nodes C_r and C_m [J/K].
    step_s
        Time step dt [s].

    Returns
    -------
    float
        Room temperature [degC].

    Notes
    -----
    Source: the two balances of the module with Q = 0, mass node eliminated.

    Examples
    --------
    >>> round(float(room_free_temp_c(20.0, 20.0, 20.0, 0.0, 1e3, 2e4, 3e3, 1e8, 9e8, 900.0)), 9)
    20.0
    """
    # differences to the outdoor air: an equilibrium stays one to the last digit, and rounding stays small
    room_w_k = heat_capacity_room_j_k / step_s
    mass_w_k = heat_capacity_mass_j_k / step_s
    mass_share = ua_inner_w_k / (mass_w_k + ua_inner_w_k + ua_outer_w_k)
    from_room_w = room_w_k * (temp_room_c - temp_outdoor_c)
    from_mass_w = mass_share * mass_w_k * (temp_mass_c - temp_outdoor_c)
    rise_k_w = room_rise_k_w(
        ua_direct_w_k, ua_inner_w_k, ua_outer_w_k, heat_capacity_room_j_k, heat_capacity_mass_j_k, step_s
    )
    return temp_outdoor_c + (from_room_w + from_mass_w + heat_flow_gain_w) * rise_k_w


@elementwise
def mass_temp_next_c(
    temp_mass_c: float,
    temp_room_next_c: float,
    temp_outdoor_c: float,
    ua_inner_w_k: float,
    ua_outer_w_k: float,
    heat_capacity_mass_j_k: float,
    step_s: float,
) -> float:
    """Return the temperature of the mass at the end of the step.

    ``T_m' = (C_m/dt T_m + ua_i T_r' + ua_o T_o) / (C_m/dt + ua_i + ua_o)``

    Parameters
    ----------
    temp_mass_c
        Mass at the start of the step [degC].
    temp_room_next_c
        Room at the end of the step, with all heat [degC].
    temp_outdoor_c
        Outdoor air during the step [degC].
    ua_inner_w_k
        Room to mass [W/K].
    ua_outer_w_k
        Mass to outdoor air [W/K].
    heat_capacity_mass_j_k
        Capacity of the mass node C_m [J/K].
    step_s
        Time step dt [s].

    Returns
    -------
    float
        Temperature of the mass [degC].

    Notes
    -----
    Source: the balance of the mass node.

    Examples
    --------
    >>> float(mass_temp_next_c(20.0, 20.0, 20.0, 2e4, 3e3, 9e8, 900.0))
    20.0
    """
    mass_w_k = heat_capacity_mass_j_k / step_s
    push_w = ua_inner_w_k * (temp_room_next_c - temp_mass_c) + ua_outer_w_k * (temp_outdoor_c - temp_mass_c)
    return temp_mass_c + push_w / (mass_w_k + ua_inner_w_k + ua_outer_w_k)


@elementwise
def window_ua_w_k(
    temp_room_c: float, ua_total_w_k: float, temp_window_open_c: float, share_per_k: float, share_max: float
) -> float:
    """Return the extra UA of windows that occupants open in warm rooms.

    ``UA_w = UA min(share_max, share_per_k (T_room - T_open))``, 0 below T_open

    Parameters
    ----------
    temp_room_c
        Room temperature [degC].
    ua_total_w_k
        UA of the building with closed windows [W/K].
    temp_window_open_c
        Room temperature at which people begin to open windows [degC].
    share_per_k
        Extra share of UA per kelvin above it [1/K].
    share_max
        Largest extra share [-].

    Returns
    -------
    float
        Extra UA [W/K].

    Notes
    -----
    Source: a model of behaviour, not a measurement: 12 % a kelvin above 23.5 degC, at most 50 %, in the Omsk case.

    Examples
    --------
    >>> round(float(window_ua_w_k(24.5, 5000.0, 23.5, 0.12, 0.5)), 6)
    600.0
    """
    excess_k = temp_room_c - temp_window_open_c
    if excess_k <= 0.0:
        return 0.0
    share = share_per_k * excess_k
    if share > share_max:
        share = share_max
    return ua_total_w_k * share
