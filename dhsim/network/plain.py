"""A network in arrays of one kind, so that the solver is compiled once, whoever made them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from dhsim.network.parts import (
    Consumers,
    Elements,
    Floats,
    Fluid,
    Ints,
    Line,
    Network,
    Nodes,
    Plant,
    Producers,
)


def plain_network(network: Network) -> Network:
    """Return a copy of a network in contiguous, writable arrays of 64 bits and in Python's own numbers."""
    whole = {"law", "n_parallel"}
    plant: dict[str, Any] = {
        name: int(value) if name in whole else float(value) for name, value in network.plant._asdict().items()
    }
    return dataclasses.replace(
        network,
        nodes=Nodes(*_plain(network.nodes)),
        supply=Line(*_plain(network.supply)),
        return_line=Line(*_plain(network.return_line)),
        elements=Elements(*_plain(network.elements)),
        consumers=Consumers(*_plain(network.consumers)),
        producers=Producers(*_plain(network.producers)),
        plant=Plant(**plant),
        fluid=Fluid(*(float(value) for value in network.fluid)),
        temp_ground_c=float(network.temp_ground_c),
        temp_air_c=float(network.temp_air_c),
    )


def _plain(part: tuple[Floats | Ints, ...]) -> Iterator[Any]:
    for values in part:
        whole = np.issubdtype(np.asarray(values).dtype, np.integer)
        yield np.array(values, dtype=np.int64 if whole else np.float64, order="C")
