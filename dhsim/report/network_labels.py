"""Names beside nodes, a scale bar and arrows: what a map needs that must not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.path import Path
from matplotlib.text import Annotation
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from dhsim.model.system import Floats
from dhsim.report.style import figure_of

POINTS_PER_INCH = 72.0
FONT_SIZE, FONT_SIZE_SMALL = 8.0, 6.5
_MANY_LABELS = 60
"""More than that are written small."""
_LEAST_SHARE = 0.6
"""If fewer of the names of consumers than that find room, none is written: a few would say nothing."""
_WIDTH_OF_LETTER, _HEIGHT_OF_LINE = 0.66, 1.15
"""Of a letter and a line in font sizes; DejaVu Sans, digits."""
_GAP_PT = 7.0
_DIRECTIONS = np.array([[np.cos(a), np.sin(a)] for a in np.arange(8) * np.pi / 4])
_SCALE_BAR_SHARE = 0.22


def points_of(ax: Axes, positions: Floats) -> Floats:
    """Return data positions in points on the page; the figure must have been laid out."""
    made: Floats = np.asarray(ax.transData.transform(positions)) * (POINTS_PER_INCH / figure_of(ax).dpi)
    return made


def draw_arrows(ax: Axes, middles: Floats, angles_rad: Floats, size_pt: float, *, edge_pt: float) -> PathCollection:
    """Draw small arrow heads of one size in points, each turned its own way.

    Parameters: middles: (n, 2) in data; angles_rad [rad]; size_pt: their length in points; edge_pt: width of
    their white edge.
    """
    head = np.array([[0.55, 0.0], [-0.45, 0.38], [-0.25, 0.0], [-0.45, -0.38], [0.55, 0.0]]) * size_pt
    turned = []
    for angle in angles_rad:
        cosine, sine = np.cos(angle), np.sin(angle)
        turned.append(Path(head @ np.array([[cosine, sine], [-sine, cosine]]), closed=True))
    arrows = PathCollection(
        turned,
        sizes=np.ones(max(len(turned), 1)),  # scales paths in points to pixels
        offsets=middles.reshape(-1, 2),
        offset_transform=ax.transData,
        facecolors="#1a1a1a",
        edgecolors="white",
        linewidths=edge_pt,
        zorder=4,
    )
    arrows.set_transform(IdentityTransform())
    arrows.set_gid("arrows")
    ax.add_collection(arrows, autolim=False)
    return arrows


def label_nodes(
    ax: Axes,
    texts: Sequence[str],
    anchors: Floats,
    lines: Sequence[Floats],
    first_rank: NDArray[np.bool_],
) -> list[Annotation]:
    """Write names beside nodes where they cover neither each other nor a pipe nor a node, and leave out those that do.

    Parameters: texts: one a node, empty for none; anchors: (n, 2) in data; lines: what they must not cover, in data;
    first_rank: those that are written first, and even if most others find no room.
    """
    wanted = [k for k, text in enumerate(texts) if text]
    size_pt = FONT_SIZE if len(wanted) <= _MANY_LABELS else FONT_SIZE_SMALL
    places = points_of(ax, anchors)
    covered = np.vstack([places, _sampled([points_of(ax, line) for line in lines])])
    frame = np.asarray(ax.get_window_extent().extents) * (POINTS_PER_INCH / figure_of(ax).dpi)
    boxes = np.empty((0, 4))
    made: list[Annotation] = []
    for rank in (True, False):
        group = [k for k in wanted if bool(first_rank[k]) is rank]
        found = []
        for k in group:
            spot = _free_spot(texts[k], places[k], size_pt, covered, boxes, frame)
            if spot is not None:
                boxes = np.vstack([boxes, spot[0]])
                found.append((k, spot[1]))
        if rank or len(found) >= _LEAST_SHARE * len(group):
            made += [_write(ax, texts[k], anchors[k], offset, size_pt, strong=rank) for k, offset in found]
    return made


def _sampled(lines: Sequence[Floats], step_pt: float = 3.0) -> Floats:
    """Return points along lines, at most `step_pt` apart."""
    made = [np.empty((0, 2))]
    for line in lines:
        for a, b in pairwise(line):
            count = int(np.hypot(*(b - a)) / step_pt) + 2
            made.append(np.linspace(a, b, count))
    return np.vstack(made)


def _free_spot(
    text: str, place: Floats, size_pt: float, covered: Floats, boxes: Floats, frame: Floats
) -> tuple[Floats, Floats] | None:
    """Return box and offset [pt] of the best free one of eight places round a node, None if there is none."""
    half = np.array([_WIDTH_OF_LETTER * len(text), _HEIGHT_OF_LINE]) * size_pt / 2.0
    reach = 2.0 * half.max() + 3.0 * _GAP_PT
    near = covered[np.all(np.abs(covered - place) < reach, axis=1)]
    away = near - place
    distance = np.hypot(away[:, 0], away[:, 1])
    pull = (away[distance > 0.0] / distance[distance > 0.0, None] ** 2).sum(axis=0)
    for direction in _DIRECTIONS[np.argsort(_DIRECTIONS @ pull, kind="stable")]:
        offset = direction * _GAP_PT + np.where(np.abs(direction) > 0.3, np.sign(direction), 0.0) * half
        low, high = place + offset - half, place + offset + half
        inside = bool(np.all(low >= frame[:2]) and np.all(high <= frame[2:]))
        on_line = bool(np.any(np.all((near > low - 1.0) & (near < high + 1.0), axis=1)))
        on_box = bool(np.any(np.all((boxes[:, :2] < high) & (boxes[:, 2:] > low), axis=1)))
        if inside and not on_line and not on_box:
            return np.concatenate([low, high]), offset
    return None


def _write(ax: Axes, text: str, anchor: Floats, offset: Floats, size_pt: float, *, strong: bool) -> Annotation:
    return ax.annotate(
        text,
        (float(anchor[0]), float(anchor[1])),
        xytext=(float(offset[0]), float(offset[1])),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=size_pt,
        fontweight="bold" if strong else "normal",
        color="#222222",
        zorder=6,
    )


def round_length_m(span_m: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is no longer than a share of the span.

    Parameters
    ----------
    span_m
        Width of what is drawn [m].

    Returns
    -------
    float
        Length of the scale bar [m].

    Examples
    --------
    >>> round_length_m(300.0)
    50.0
    """
    most = _SCALE_BAR_SHARE * span_m
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(step * power for step in (1.0, 2.0, 5.0) if step * power <= most))


def draw_scale_bar(ax: Axes, left: float, bottom: float, span_m: float) -> None:
    """Draw a bar of round length with its length in m or km; its left end stands at (left, bottom) in data."""
    length_m = round_length_m(span_m)
    (bar,) = ax.plot([left, left + length_m], [bottom, bottom], color="#333333", linewidth=3, solid_capstyle="butt")
    bar.set_gid("scale bar")
    text = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    ax.annotate(
        text,
        (left + length_m / 2, bottom),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=8,
        color="#333333",
    )
