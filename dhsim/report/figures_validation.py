"""Figures of the validation page: temperatures with the peers' spread, heat over time, measured outlets."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dhsim.report.style import GUIDE_COLOUR, REFERENCE_COLOUR, VARIANT_COLOURS, panel_grid, panels, styled
from dhsim.units import S_PER_H, W_PER_KW

DHSIM_COLOUR = VARIANT_COLOURS[1]
_PEER_ALPHA = 0.75
_PEER_COLOURS = ("#0072b2", "#009e73", "#cc79a7", "#56b4e9")


@styled
def temperatures_with_spread(table: pd.DataFrame) -> Figure:
    """Draw dhsim's temperatures as the deviation from the peers' median, with the peers' spread as bars.

    Parameters
    ----------
    table
        Index `Ts_<place>` (supply) and `Tr_<place>` (return); columns value, median, core_low, core_high, low, high.
    """
    figure, axes = panels(1, 2, height_in=3.6)
    for panel, (side, title) in zip(axes, (("Ts_", "Supply"), ("Tr_", "Return")), strict=True):
        part = table[[str(name).startswith(side) for name in table.index]]
        at = np.arange(len(part))
        for low, high, width, colour, label in (
            ("low", "high", 3.0, "#c9d3da", "all seven tools"),
            ("core_low", "core_high", 8.0, "#7d9bb0", "five consistent tools"),
        ):
            bottom, top = part[low] - part["median"], part[high] - part["median"]
            panel.vlines(at, bottom, top, color=colour, linewidth=width, label=label)
        panel.plot(at, part["value"] - part["median"], "o", color=DHSIM_COLOUR, markersize=5, label="dhsim")
        panel.axhline(0.0, color=GUIDE_COLOUR, linewidth=0.8)
        names = [str(name).removeprefix(side).replace("SimpleDistrict_", "house ") for name in part.index]
        panel.set_xticks(at, names)
        panel.set_title(title)
        panel.set_ylabel("from the five tools' median, K")
    axes[1].legend(loc="upper left")
    return figure


@styled
def heat_over_time(table: pd.DataFrame) -> Figure:
    """Draw heat injected, losses and the last house's supply over time, dhsim over the peers.

    Parameters
    ----------
    table
        Index time in seconds; columns injected and lost in watts, temp_last_c, and each of them for every other run.
    """
    figure, axes = panels(3, 1, share_x=True, height_in=7.2)
    hours = table.index.to_numpy(float) / S_PER_H
    rows = (
        ("injected", W_PER_KW, "Heat injected, kW"),
        ("lost", W_PER_KW, "Heat lost, kW"),
        ("temp_last_c", 1.0, "Supply at the last house, °C"),
    )
    for panel, (own, scale, label) in zip(axes, rows, strict=True):
        peers = [str(name) for name in table.columns if str(name).startswith(f"{own}_")]
        for name, colour in zip(peers, _PEER_COLOURS, strict=False):
            tool = name.removeprefix(f"{own}_").replace("_", " ")
            panel.plot(hours, table[name] / scale, color=colour, linewidth=0.9, alpha=_PEER_ALPHA, label=tool)
        panel.plot(hours, table[own] / scale, color=DHSIM_COLOUR, linewidth=1.6, label="dhsim")
        for name in (str(n) for n in table.columns if str(n).startswith(f"{own} ")):
            said = f"dhsim{name.removeprefix(own)}"
            panel.plot(hours, table[name] / scale, color=DHSIM_COLOUR, linewidth=1.1, linestyle=":", label=said)
        panel.set_ylabel(label)
    axes[0].set_ylim(0.0, 1.45 * float(table["injected"].max()) / W_PER_KW)
    axes[1].set_ylim(0.0, 1.6 * float(table["lost"].max()) / W_PER_KW)  # the peers book single spikes of tens of kW
    axes[0].legend(loc="upper right", ncols=3)
    axes[-1].set_xlabel("hours from 1 January")
    return figure


@styled
def outlets(tables: dict[str, pd.DataFrame]) -> Figure:
    """Draw measured and predicted outlets, one panel a test.

    Parameters
    ----------
    tables
        Name of a test -> index time in seconds, columns predicted, measured, inlet in degC, and others to draw beside.
    """
    figure, axes = panel_grid(len(tables), share=False)
    known = {"inlet", "predicted", "measured", "tools, lowest", "tools, highest"}
    for panel, (name, table) in zip(axes, tables.items(), strict=True):
        time = table.index.to_numpy(float)
        panel.plot(time, table["inlet"], color="#b9b9b9", linewidth=0.9, label="inlet")
        if "tools, lowest" in table:
            lowest, highest = (table[f"tools, {end}"] for end in ("lowest", "highest"))
            panel.fill_between(time, lowest, highest, color="#7d9bb0", alpha=0.5, linewidth=0, label="eight tools")
        for other, colour in zip((n for n in table.columns if n not in known), VARIANT_COLOURS[:1], strict=False):
            panel.plot(time, table[other], color=colour, linewidth=1.1, label=str(other))
        panel.plot(time, table["measured"], color=REFERENCE_COLOUR, linewidth=2.0, label="measured")
        panel.plot(time, table["predicted"], color=DHSIM_COLOUR, linewidth=1.2, linestyle="--", label="dhsim")
        panel.set_title(name)
        panel.set_xlabel("s")
        panel.set_ylabel("°C")
    most = max(range(len(axes)), key=lambda k: len(axes[k].get_lines()) + len(axes[k].collections))
    axes[most].legend(loc="lower right")
    return figure


@styled
def verdict_bars(counts: pd.DataFrame) -> Figure:
    """Draw how many checks of every case passed; index case titles, a column for every verdict."""
    colours = {"passed": "#009e73", "not alike": "#e69f00", "not passed": "#b2182b", "shown": "#c9d3da"}
    figure, axes = panels(height_in=0.32 * len(counts) + 1.0)
    left = np.zeros(len(counts))
    at = np.arange(len(counts))[::-1]
    for verdict in counts.columns:
        values = counts[verdict].to_numpy(float)
        axes[0].barh(at, values, left=left, color=colours.get(str(verdict), GUIDE_COLOUR), label=str(verdict))
        left += values
    axes[0].set_yticks(at, [str(name) for name in counts.index])
    axes[0].set_xlabel("checks")
    axes[0].legend(loc="lower right")
    return figure
