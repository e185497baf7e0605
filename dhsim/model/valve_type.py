"""Types of valves that are set by hand: Kv over the setting, both ways, and where the scale can be left."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from dhsim import catalogue
from dhsim.errors import CatalogueError, DhsimError
from dhsim.model.system import Floats
from dhsim.physics.valve import conductance_kg_s_pa05

SCALES = ("turns", "preset")
_UNIT = {"turns": "turns", "preset": "on the scale"}
_AT_REL = 1e-9
"""Of Kv and of a position: within this they are taken for the end of the range."""
_HALVINGS = 60


@dataclass(frozen=True)
class ValveType:
    """A type of valve; positions and Kv ascend together."""

    id: str
    name: str
    kind: str
    """balancing, radiator, or what the user calls it"""
    scale: str
    """turns or preset"""
    positions: tuple[float, ...]
    labels: tuple[str, ...]
    """What stands on the scale at these positions."""
    kv_m3_h: tuple[float, ...]
    step: float
    """Between two settings that the scale shows; words such as N stand alone."""
    source: str = ""
    verified: bool = True
    """Whether all of its figures were compared with the data sheet or a second source."""

    @property
    def unit(self) -> str:
        """What a setting counts: turns, or numbers on the scale."""
        return _UNIT[self.scale]

    @functools.cached_property
    def settable(self) -> Floats:
        """Positions that can be set and found again, ascending."""
        found = set(self.positions)
        numbered = [p for i, p in enumerate(self.positions) if not _is_word(self.labels[i])]
        first, last = math.ceil(numbered[0] / self.step - 1e-9), math.floor(numbered[-1] / self.step + 1e-9)
        found |= {round(i * self.step, 6) for i in range(first, last + 1)}
        return np.array(sorted(found))

    def kv_at_m3_h(self, position: ArrayLike) -> Floats:
        """Return Kv at positions, interpolated between those of the table (monotone cubic in log Kv).

        Parameters
        ----------
        position
            On the scale: turns or numbers of the preset.

        Returns
        -------
        ndarray
            Kv [m3/h], the shape of `position`.

        Raises
        ------
        DhsimError
            For a position beyond the table.
        """
        at = np.asarray(position, np.float64)
        first, last = self.positions[0], self.positions[-1]
        slack = _AT_REL * last
        if not ((at >= first - slack) & (at <= last + slack)).all():
            worst = at.flat[int(np.argmax(np.abs(np.nan_to_num(at.ravel(), nan=np.inf) - 0.5 * (first + last))))]
            raise DhsimError(f"{self.name}: a setting of {worst:g} is beyond its range, {self.range_text}")
        return np.asarray(np.exp(self._curve(np.clip(at, first, last))))

    def position_at(self, kv_m3_h: ArrayLike) -> Floats:
        """Return positions at which the valve has these Kv, the inverse of `kv_at_m3_h`.

        Parameters
        ----------
        kv_m3_h
            Kv [m3/h].

        Returns
        -------
        ndarray
            Positions on the scale.

        Raises
        ------
        DhsimError
            For a Kv beyond the table.
        """
        wanted = np.log(np.asarray(kv_m3_h, np.float64))
        first, last = math.log(self.kv_m3_h[0]), math.log(self.kv_m3_h[-1])
        if not ((wanted >= first - _AT_REL) & (wanted <= last + _AT_REL)).all():
            worst = float(np.exp(wanted.flat[int(np.argmax(np.abs(wanted.ravel() - 0.5 * (first + last))))]))
            raise DhsimError(
                f"{self.name}: Kv {worst:.3g} m3/h is beyond its range, "
                f"{self.kv_m3_h[0]:g} to {self.kv_m3_h[-1]:g} m3/h"
            )
        low = np.full(wanted.shape, self.positions[0])
        high = np.full(wanted.shape, self.positions[-1])
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            below = self._curve(middle) < wanted
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray(0.5 * (low + high))

    def nearest(self, kv_m3_h: ArrayLike) -> Floats:
        """Return the settable positions whose Kv is nearest in ratio; beyond the range its ends.

        Parameters
        ----------
        kv_m3_h
            Kv [m3/h].

        Returns
        -------
        ndarray
            Positions on the scale.
        """
        logs = self._curve(self.settable)
        wanted = np.log(np.asarray(kv_m3_h, np.float64))
        return np.asarray(self.settable[np.argmin(np.abs(wanted[..., None] - logs), axis=-1)])

    def label(self, position: float) -> str:
        """Return what stands on the scale at a position: `2.3`, `N`."""
        for at, label in zip(self.positions, self.labels, strict=True):
            if abs(at - position) <= _AT_REL * self.positions[-1]:
                return label
        return f"{position:.2f}".rstrip("0").rstrip(".")

    def position_of(self, label: str | float) -> float:
        """Return the position of a number or a word on the scale.

        Raises
        ------
        DhsimError
            For a word that is not there, or a number beyond the scale.
        """
        words = {word.lower(): at for word, at in zip(self.labels, self.positions, strict=True)}
        if isinstance(label, str) and label.strip().lower() in words:
            return words[label.strip().lower()]
        try:
            position = float(label)
        except ValueError:
            raise DhsimError(f"{self.name}: no setting {label!r} on its scale, {self.range_text}") from None
        self.kv_at_m3_h(position)
        return position

    @property
    def range_text(self) -> str:
        """The scale's ends in words."""
        return f"{self.labels[0]} to {self.labels[-1]} {self.unit}"

    def range_pa_s2_m6(self, density_kg_m3: float) -> tuple[float, float]:
        """Return the resistances of the valve fully open and at its smallest setting [Pa s2/m6]."""
        low, high = valve_resistance_pa_s2_m6(np.array([self.kv_m3_h[-1], self.kv_m3_h[0]]), density_kg_m3)
        return float(low), float(high)

    @functools.cached_property
    def _curve(self) -> PchipInterpolator:
        return PchipInterpolator(np.array(self.positions), np.log(np.array(self.kv_m3_h)))


def _is_word(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return True
    return False


def valve_resistance_pa_s2_m6(kv_m3_h: ArrayLike, density_kg_m3: float) -> Floats:
    """Return the resistance k of a valve, so that ``dp = k V^2``.

    ``k = (rho / K)^2 = 1.296e9 rho / Kv^2``, which is 1.296e12 / Kv^2 for cold water of 1000 kg/m3

    Parameters
    ----------
    kv_m3_h
        Flow of cold water at 1 bar [m3/h].
    density_kg_m3
        Density of the water that flows [kg/m3].

    Returns
    -------
    ndarray
        Resistance [Pa s2/m6].

    Notes
    -----
    Source: IEC 60534-2-1, by `dhsim.physics.valve.conductance_kg_s_pa05`.

    Examples
    --------
    >>> float(valve_resistance_pa_s2_m6(1.0, 1000.0)) / 1e12
    1.296
    """
    return np.asarray((density_kg_m3 / conductance_kg_s_pa05(np.asarray(kv_m3_h, np.float64), density_kg_m3)) ** 2)


def valve_kv_m3_h(resistance_pa_s2_m6: ArrayLike, density_kg_m3: float) -> Floats:
    """Return Kv of a resistance, the inverse of `valve_resistance_pa_s2_m6`.

    Parameters
    ----------
    resistance_pa_s2_m6
        Pressure drop over volume flow squared [Pa s2/m6].
    density_kg_m3
        Density of the water that flows [kg/m3].

    Returns
    -------
    ndarray
        Kv [m3/h].

    Examples
    --------
    >>> round(float(valve_kv_m3_h(1.296e12 / 4.0, 1000.0)), 9)
    2.0
    """
    one = valve_resistance_pa_s2_m6(1.0, density_kg_m3)
    return np.asarray(np.sqrt(one / np.asarray(resistance_pa_s2_m6, np.float64)))


def make_valve_type(
    id_: str,
    positions: Sequence[float],
    kv_m3_h: Sequence[float],
    *,
    scale: str = "turns",
    step: float = 0.1,
    labels: Sequence[str] | None = None,
    name: str = "",
    kind: str = "balancing",
    source: str = "",
    verified: bool = True,
) -> ValveType:
    """Return a type of valve from its table.

    Parameters
    ----------
    id_
        Its name in files.
    positions
        Settings of the table, ascending.
    kv_m3_h
        Kv at these [m3/h], ascending.
    scale
        turns or preset.
    step
        What the scale shows.
    labels
        What stands at the positions, if other than their numbers.
    name, kind, source, verified
        See `ValveType`.

    Returns
    -------
    ValveType
        Checked.

    Raises
    ------
    DhsimError
        If a table has less than two rows, or does not ascend.
    """
    called = name or id_
    if len(positions) != len(kv_m3_h) or len(positions) < 2:
        raise DhsimError(f"{called}: give two settings or more with one Kv each ({len(positions)} and {len(kv_m3_h)})")
    rising = (np.diff(positions) > 0.0).all() and (np.diff(kv_m3_h) > 0.0).all()
    if not (rising and kv_m3_h[0] > 0.0 and step > 0.0):
        raise DhsimError(f"{called}: settings and Kv must ascend, Kv and the step must be positive")
    if scale not in SCALES:
        raise DhsimError(f"{called}: scale {scale!r} is none of {', '.join(SCALES)}")
    words = tuple(labels) if labels is not None else tuple(f"{p:g}" for p in positions)
    return ValveType(
        id_,
        called,
        kind,
        scale,
        tuple(map(float, positions)),
        words,
        tuple(map(float, kv_m3_h)),
        step,
        source,
        verified,
    )


@functools.cache
def catalogue_valve(id_: str) -> ValveType:
    """Return a type of valve of the catalogue.

    Parameters
    ----------
    id_
        As `stad_dn15`.

    Returns
    -------
    ValveType
        With its Kv table.

    Raises
    ------
    CatalogueError
        If there is none of that name.
    DhsimError
        If it holds a pressure difference instead of having a Kv.

    Examples
    --------
    >>> stad = catalogue_valve("stad_dn15")
    >>> float(stad.kv_at_m3_h(2.0)), stad.label(2.3)
    (0.571, '2.3')
    """
    try:
        row = catalogue.entry("valves", id_)
    except CatalogueError as error:
        raise CatalogueError(f"{error}; make_valve_type takes the table of a valve that is not there") from None
    settings = [one for one in catalogue.table("valve_settings").values() if one["valve"] == id_]
    if not settings:
        raise DhsimError(
            f"{row['name']} holds a pressure difference and has no Kv over its setting: describe the circuit behind it "
            "as a building of its own with that difference as dp_kpa"
        )
    return make_valve_type(
        id_,
        [catalogue.number(one, "position") for one in settings],
        [catalogue.number(one, "kv_m3_h") for one in settings],
        scale=str(row["scale"]),
        step=catalogue.number(row, "step"),
        labels=[str(one["label"]) for one in settings],
        name=str(row["name"]),
        kind=str(row["kind"]),
        source=str(row["source"]),
        verified=row["check"] == "verified",
    )
