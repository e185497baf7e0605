"""Tables of a network: a row a pipe, a column a key, and the scalars in network.yaml."""

from __future__ import annotations

from dhsim.scenario.network_parts import (
    NetworkConsumer,
    NetworkNode,
    NetworkPipe,
    NetworkProducer,
    NetworkPump,
    NetworkValve,
)
from dhsim.scenario.section import Section
from dhsim.scenario.tables import Tables

TABLES: dict[str, type[Section]] = {
    "nodes": NetworkNode,
    "pipes": NetworkPipe,
    "valves": NetworkValve,
    "pumps": NetworkPump,
    "consumers": NetworkConsumer,
    "producers": NetworkProducer,
}
"""Name of a table, which is a key of the network -> what a row of it is."""
NETWORK_TABLES = Tables(TABLES, ("pipes", "consumers", "producers"), "network.yaml", scalars_needed=False)
