"""Which numbers the figures need: thinned, averaged or binned from a run, before anything is drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dhsim.assess.types import Scorecard
from dhsim.model.boundary import N_CLASS, OUT_OF_SEASON
from dhsim.model.system import Floats
from dhsim.study.types import Run
from dhsim.units import H_PER_DAY, S_PER_H, W_PER_KW

BAND_EDGES_C = (18.0, 20.0, 22.0, 24.0)
BAND_LABELS = ("below 18", "18-20", "20-22", "22-24", "above 24")
BIN_WIDTH_K = 5.0
MONTHS_WINTER = (12, 1, 2)
MONTHS_SPRING = (3, 4, 5)
STRIDE_H = 5
"""Every fifth hour: five and twenty-four have no common factor, so all hours of the day are seen."""
WEEK = pd.Timedelta(days=7)


def block_mean(values: Floats, size: int) -> Floats:
    """Return means over blocks of `size` rows; an unfinished last block is left out."""
    if size <= 1:
        return values
    count = len(values) // size
    made: Floats = values[: count * size].reshape(count, size, *values.shape[1:]).mean(axis=1)
    return made


def steps_per_hour(run: Run) -> int:
    """Return how many steps make an hour (1 if a step is longer)."""
    return max(1, round(S_PER_H / run.solution.step_s))


def hourly(run: Run, name: str) -> pd.DataFrame:
    """Return hourly means of one quantity, time x ids."""
    size = steps_per_hour(run)
    values = block_mean(run.solution.arrays[name], size)
    return pd.DataFrame(
        values, index=run.solution.time[::size][: len(values)], columns=list(run.solution.columns(name))
    )


def hourly_substation(run: Run, *names: str) -> pd.DataFrame:
    """Return hourly means of substation quantities, one column each."""
    return pd.DataFrame({name: hourly(run, name)["substation"] for name in names})


def heating_season(run: Run) -> pd.Series[bool]:
    """Return hour by hour whether the heating season runs."""
    size = steps_per_hour(run)
    season = run.case.boundary.arrays.heating_season[::size].astype(bool)
    return pd.Series(season, index=run.solution.time[::size][: len(season)])


def supply_return_points(run: Run) -> pd.DataFrame:
    """Return outdoor, secondary supply and secondary return temperature of every fifth hour of the heating season."""
    names = ("temp_outdoor_c", "temp_supply_secondary_c", "temp_return_secondary_c")
    frame = hourly_substation(run, *names)
    return frame[heating_season(run).reindex(frame.index, fill_value=False)].iloc[::STRIDE_H]


def plant_line(run: Run) -> pd.Series[float]:
    """Return the median primary supply of the heating season by outdoor temperature, in bins of 1 K."""
    frame = hourly_substation(run, "temp_outdoor_c", "temp_supply_primary_c")
    frame = frame[heating_season(run).reindex(frame.index, fill_value=False)]
    bins = frame["temp_outdoor_c"].round()
    made: pd.Series[float] = frame["temp_supply_primary_c"].groupby(bins).median()
    return made


def spring_week(run: Run) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the seven days of spring, within the heating season if it can be, whose mean is nearest to CPT + 2 K.

    Such a week has cold nights and mild days, so that the control has something to do. A run without spring days is
    searched as a whole.
    """
    daily = hourly_substation(run, "temp_outdoor_c")["temp_outdoor_c"].resample("D").mean()
    season = heating_season(run).astype(float).resample("D").mean().reindex(daily.index).fillna(0.0)
    mean = daily.rolling(7).mean().shift(-6)
    in_season = season.rolling(7).min().shift(-6) >= 1.0
    if mean.isna().all():
        return daily.index[0], daily.index[-1] + pd.Timedelta(days=1)
    in_spring = pd.Series(pd.DatetimeIndex(daily.index).month, index=daily.index).isin(MONTHS_SPRING)
    wanted = next(
        choice
        for choice in (in_spring & in_season, in_spring, in_season, mean.notna())
        if (choice & mean.notna()).any()
    )
    distance = (mean.where(wanted) - run.score.cpt_c - 2.0).abs()
    start = pd.DatetimeIndex(daily.index)[int(np.nanargmin(distance.to_numpy()))]
    return start, start + WEEK


def week_frame(run: Run, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Return hourly means of the substation between two moments, whatever of it the run kept."""
    names = (
        "temp_outdoor_c",
        "temp_supply_primary_c",
        "temp_supply_secondary_c",
        "temp_return_secondary_c",
        "mixing_share_rel",
        "mass_flow_primary_kg_s",
        "mass_flow_secondary_kg_s",
    )
    frame = hourly_substation(run, *(name for name in names if name in run.solution.arrays))
    return frame[(frame.index >= start) & (frame.index < end)]


def week_modes(run: Run, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series[int]:
    """Return the mode, step by step, between two moments."""
    mode = pd.Series(run.solution.arrays["mode"][:, 0].astype(int), index=run.solution.time)
    return mode[(mode.index >= start) & (mode.index < end)]


def duration_curve(run: Run, points: int = 400) -> pd.Series[float]:
    """Return the hourly heat load in falling order [kW], over hours, thinned to a few hundred points."""
    load_kw = np.sort(hourly(run, "heat_flow_primary_w")["substation"].to_numpy())[::-1] / W_PER_KW
    take = np.unique(np.linspace(0, len(load_kw) - 1, min(points, len(load_kw))).round().astype(int))
    return pd.Series(load_kw[take], index=take.astype(float), name=run.name)


def indoor_daily(run: Run) -> pd.DataFrame:
    """Return day by day the coldest, mean and warmest building's mean room temperature [degC]."""
    size = round(H_PER_DAY * S_PER_H / run.solution.step_s)
    values = block_mean(run.solution.arrays["temp_indoor_c"], size)
    parts = {"coldest": values.min(axis=1), "mean": values.mean(axis=1), "warmest": values.max(axis=1)}
    return pd.DataFrame(parts, index=run.solution.time[::size][: len(values)])


def indoor_bands(run: Run) -> pd.DataFrame:
    """Return hours of the heating season by outdoor bin (index: its lower edge) and band of room temperature."""
    rooms = hourly(run, "temp_indoor_c")
    keep = heating_season(run).reindex(rooms.index, fill_value=False).to_numpy()
    outdoor = hourly(run, "temp_outdoor_c")["substation"].to_numpy()[keep]
    band = np.digitize(rooms.to_numpy()[keep], BAND_EDGES_C)
    bins = np.floor(outdoor / BIN_WIDTH_K).astype(int)
    if not len(bins):
        return pd.DataFrame(columns=list(BAND_LABELS), dtype=float)
    first = bins.min()
    counts = np.zeros((bins.max() - first + 1, len(BAND_LABELS)))
    np.add.at(counts, (np.repeat(bins - first, band.shape[1]), band.ravel()), 1.0)
    index = (first + np.arange(len(counts))) * BIN_WIDTH_K
    return pd.DataFrame(counts / band.shape[1], index=index, columns=list(BAND_LABELS))


def heat_by_month(score: Scorecard) -> pd.DataFrame:
    """Return MWh by month: dhw, loss, needed (space heating at 20 degC), excess, total and pump electricity."""
    rows = [
        {
            "dhw": split.heat_dhw_mwh,
            "loss": split.heat_loss_mwh,
            "needed": split.heat_sh_mwh - split.heat_excess_mwh,
            "excess": split.heat_excess_mwh,
            "total": split.heat_total_mwh,
            "electricity": split.energy_pump_mwh,
        }
        for split in score.energy.by_month
    ]
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="month"))


def day_profiles(run: Run) -> dict[str, pd.DataFrame]:
    """Return per building type the mean day of December to February: hour x (sh, dhw) [kW a building]."""
    sh, dhw = hourly(run, "heat_flow_sh_w"), hourly(run, "heat_flow_dhw_w")
    time = pd.DatetimeIndex(sh.index)
    winter = time.month.isin(MONTHS_WINTER)
    if not winter.any():
        winter = np.ones(len(sh), dtype=bool)
    types = run.case.system.building_types
    made = {}
    for kind in dict.fromkeys(types):
        columns = [name for name, own in zip(run.solution.building_ids, types, strict=True) if own == kind]
        parts = {"sh": sh.loc[winter, columns].mean(axis=1), "dhw": dhw.loc[winter, columns].mean(axis=1)}
        frame = pd.DataFrame(parts) / W_PER_KW
        made[kind] = frame.groupby(time.hour[winter]).mean()
    return made


def out_of_season(run: Run) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the stretches of the run outside the heating season."""
    group = run.case.boundary.arrays.group
    outside = np.concatenate([[False], group % N_CLASS == OUT_OF_SEASON, [False]])
    edges = np.flatnonzero(outside[1:] != outside[:-1])
    last = run.solution.time[-1] + pd.Timedelta(seconds=run.solution.step_s)
    time = run.solution.time.append(pd.DatetimeIndex([last]))
    return [(time[a], time[b]) for a, b in zip(edges[::2], edges[1::2], strict=True)]
