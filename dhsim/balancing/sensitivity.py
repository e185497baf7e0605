"""One pass of a Kalman filter over a zone's readings with the derivatives of its likelihood, step by step.

The model is that of `dhsim.balancing.kalman` with two terms more: a pull K towards the zone's mean temperature, which
is what a thermostat does to first order, and a constant heat m (people, appliances).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dhsim.elementwise import compiled

Floats = NDArray[np.float64]

PARAMETERS = 6
"""T, V, K, m, log process sd, log sensor sd."""


@compiled
def kalman_scores(
    temp_zone_c: Floats,
    temp_supply_c: Floats,
    temp_outdoor_c: Floats,
    temp_mean_c: float,
    point: Floats,
    score: Floats,
    fisher: Floats,
    work: Floats,
) -> float:
    """Write score and information of one zone's readings; return its deviance up to a constant.

    ``x+ = x + (T (w - x) + V (u - x) + K (x_mean - x) + m) (1 - exp(-T - V - K))/(T + V + K) + process noise``,
    ``y = x + sensor noise``; the score of a step is ``-e e'/S + S' (e^2/S - 1)/(2 S)`` with error e of variance S

    Parameters
    ----------
    temp_zone_c
        Readings y, NaN where missing [degC].
    temp_supply_c, temp_outdoor_c
        Inputs, constant until the next sample [degC]; after a gap in them the filter starts anew.
    temp_mean_c
        Where the pull leads [degC].
    point
        T, V, K and m of one step, then the logarithms of the standard deviations of process and sensor.
    score
        (n_time, 6), written: derivative of the logarithm of the likelihood of each reading; 0 where none counts.
    fisher
        (6, 6), written: expected information, ``sum e' e'/S + S' S'/(2 S^2)``.
    work
        (6, 6), overwritten.

    Returns
    -------
    float
        Deviance.

    Notes
    -----
    Source: R. E. Kalman, J. Basic Eng. 82 (1960) 35, doi 10.1115/1.3662552; N. K. Gupta and R. K. Mehra, IEEE Trans.
    Autom. Control 19 (1974) 774, doi 10.1109/TAC.1974.1100714 (likelihood derivatives by sensitivity equations).
    """
    supply, outdoor, pull = point[1], point[0], point[2]
    rate = outdoor + supply + pull
    process, sensor = math.exp(2.0 * point[4]), math.exp(2.0 * point[5])
    kept = math.exp(-rate)
    span = -math.expm1(-rate) / rate if abs(rate) > 1e-6 else 1.0 - 0.5 * rate
    bend = (kept - span) / rate if abs(rate) > 1e-6 else -0.5
    # rows of the work: derivative of the state, of its variance, of the push
    deviance, known, state, variance = 0.0, False, 0.0, 0.0
    for i in range(6):
        for j in range(6):
            fisher[i, j], work[i, j] = 0.0, 0.0
    for k in range(len(temp_zone_c)):
        for i in range(6):
            score[k, i] = 0.0
        reading = temp_zone_c[k]
        if not math.isnan(reading):
            if known:
                total, off = variance + sensor, reading - state
                deviance += math.log(total) + off * off / total
                gain = variance / total
                for i in range(6):
                    work[3, i] = work[1, i] + (2.0 * sensor if i == 5 else 0.0)
                    score[k, i] = off * work[0, i] / total + 0.5 * work[3, i] * (off * off / total - 1.0) / total
                for i in range(6):
                    for j in range(6):
                        fisher[i, j] += (work[0, i] * work[0, j] + 0.5 * work[3, i] * work[3, j] / total) / total
                for i in range(6):
                    turn = (work[1, i] - gain * work[3, i]) / total
                    work[0, i] += turn * off - gain * work[0, i]
                    work[1, i] = work[1, i] * (1.0 - gain) - variance * turn
                state += gain * off
                variance *= 1.0 - gain
            else:
                known, state, variance = True, reading, sensor
                for i in range(6):
                    work[0, i], work[1, i] = 0.0, 2.0 * sensor if i == 5 else 0.0
        push = outdoor * temp_outdoor_c[k] + supply * temp_supply_c[k] + pull * temp_mean_c + point[3]
        if math.isnan(push):
            known = False
        else:
            work[2, 0], work[2, 1], work[2, 2] = temp_outdoor_c[k], temp_supply_c[k], temp_mean_c
            work[2, 3], work[2, 4], work[2, 5] = 1.0, 0.0, 0.0
            for i in range(6):
                turn = 1.0 if i < 3 else 0.0
                work[0, i] = kept * work[0, i] + span * work[2, i] + turn * (bend * push - kept * state)
                work[1, i] = kept * kept * (work[1, i] - 2.0 * turn * variance) + (2.0 * process if i == 4 else 0.0)
            state = kept * state + span * push
            variance = kept * kept * variance + process
    return deviance
