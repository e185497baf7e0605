"""How warm a mixture is, and how much return water it takes."""

from __future__ import annotations

from dhsim.elementwise import elementwise

SMALLEST_SPREAD_K = 2.0
"""Below this difference of supply and return, mixing is pointless and its share ill-defined."""


@elementwise
def mixing_share(temp_supply_c: float, temp_return_c: float, temp_set_c: float, share_max: float) -> float:
    """Return the share of return water that brings the mixture to its set-point.

    ``x = (T_1 - T_set) / (T_1 - T_2)``, limited to 0 ... share_max; 0 unless ``T_1 - T_2 > 2 K``

    Parameters
    ----------
    temp_supply_c
        Supply temperature T_1 [degC].
    temp_return_c
        Return temperature T_2 [degC].
    temp_set_c
        Set-point of the mixture T_set [degC].
    share_max
        Largest share [-].

    Returns
    -------
    float
        Mixing share [-]: return flow over mixed flow.

    Notes
    -----
    Source: mass and heat balance of the mixing point.

    Examples
    --------
    >>> round(float(mixing_share(70.0, 46.0, 62.0, 0.85)), 4)
    0.3333
    """
    spread_k = temp_supply_c - temp_return_c
    if spread_k <= SMALLEST_SPREAD_K:
        return 0.0
    share = (temp_supply_c - temp_set_c) / spread_k
    if share < 0.0:
        return 0.0
    if share > share_max:
        return share_max
    return share


@elementwise
def mixed_temp_c(temp_supply_c: float, temp_return_c: float, mixing_share: float) -> float:
    """Return the temperature of the mixture.

    ``T_mix = T_1 - x (T_1 - T_2)``

    Parameters
    ----------
    temp_supply_c
        Supply temperature T_1 [degC].
    temp_return_c
        Return temperature T_2 [degC].
    mixing_share
        Share of return water x [-].

    Returns
    -------
    float
        Temperature of the mixture [degC].

    Notes
    -----
    Source: heat balance at constant heat capacity.

    Examples
    --------
    >>> float(mixed_temp_c(70.0, 46.0, 0.25))
    64.0
    """
    return temp_supply_c - mixing_share * (temp_supply_c - temp_return_c)
