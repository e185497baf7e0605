"""Who is connected with whom in a network, by name, and what is wrong with how things hang together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from dhsim.scenario.consistency import Finding
from dhsim.scenario.wording import nearest

LINES = ("supply", "return")
_NAMED_MAX = 5
_KINDS = {"pipes": "pipe", "valves": "valve", "pumps": "pump"}
_TERMINALS = {"producers": "producer", "consumers": "consumer"}


class Edge(NamedTuple):
    """A pipe, valve or pump between two nodes."""

    key: str
    what: str
    """pipe, valve or pump"""
    id: str
    start: str
    end: str
    lines: tuple[bool, bool]
    """in the supply line, in the return line"""

    def __str__(self) -> str:
        return f"{self.what} {self.id!r}"


class Terminal(NamedTuple):
    """A consumer or producer at a node."""

    key: str
    what: str
    id: str
    node: str
    named: bool
    """its node was said; otherwise it bears its own id"""

    def __str__(self) -> str:
        return f"{self.what} {self.id!r}"


class Layout(NamedTuple):
    """What hangs together, by name."""

    nodes: dict[str, str]
    """listed node -> key"""
    doubled: list[tuple[str, str]]
    """(key, id) of nodes listed again"""
    edges: list[Edge]
    terminals: list[Terminal]
    """producers first"""


class Passage(NamedTuple):
    """An open way in one line where the other line has a valve or pump between the same places."""

    id: str
    start: str
    end: str
    line: int
    """0 supply, 1 return"""


def layout_of(said: Any) -> Layout | None:
    """Return the layout of a NetworkScenario, or of what a file says before it is checked.

    None where ids or ends are missing or are no texts: then nothing can be said about how things hang together.
    """
    edges, terminals = [], []
    for group, what in _KINDS.items():
        for index, item in enumerate(_told(said, group) or []):
            line = _told(item, "line") or "both"
            lines = (line in ("both", "supply"), line in ("both", "return"))
            id_, start, end = (_told(item, name) for name in ("id", "start", "end"))
            edges.append(Edge(f"{group}.{index}", what, id_, start, end, lines))
    for group, what in _TERMINALS.items():
        for index, item in enumerate(_told(said, group) or []):
            id_, node = _told(item, "id"), _told(item, "node")
            terminals.append(Terminal(f"{group}.{index}", what, id_, id_ if node is None else node, node is not None))
    nodes: dict[str, str] = {}
    doubled = []
    listed = list(enumerate(_told(said, "nodes") or []))
    if not all(isinstance(_told(item, "id"), str) for _, item in listed):
        return None
    for index, item in listed:
        if nodes.setdefault(_told(item, "id"), f"nodes.{index}") != f"nodes.{index}":
            doubled.append((f"nodes.{index}", _told(item, "id")))
    texts = chain(nodes, *((e.id, e.start, e.end) for e in edges), *((t.id, t.node) for t in terminals))
    if not all(isinstance(text, str) and text for text in texts) or not all(any(edge.lines) for edge in edges):
        return None
    return Layout(nodes, doubled, edges, terminals)


def _told(item: Any, name: str) -> Any:
    if isinstance(item, Mapping):
        return item.get(name)
    return getattr(item, name, None)


class _Groups:
    """Names that belong together (union-find)."""

    def __init__(self) -> None:
        self.above: dict[str, str] = {}

    def of(self, name: str) -> str:
        above = self.above
        while above.setdefault(name, name) != name:
            above[name] = above[above[name]]
            name = above[name]
        return name

    def join(self, a: str, b: str) -> None:
        self.above[self.of(a)] = self.of(b)


def passages_of(layout: Layout) -> list[Passage]:
    """Return the passages beside valves and pumps that stand in one line only.

    None where an edge of the other line joins the same two places, and none that would lead nowhere: where both lines
    have nodes of their own nothing is added.
    """
    made: list[Passage] = []
    for line in (0, 1):
        direct = {frozenset((edge.start, edge.end)) for edge in layout.edges if edge.lines[line]}
        wanted: dict[frozenset[str], Passage] = {}
        for edge in layout.edges:
            ends = frozenset((edge.start, edge.end))
            if edge.what != "pipe" and not edge.lines[line] and ends not in direct:
                wanted.setdefault(ends, Passage(f"{edge.id} ({LINES[line]} passage)", edge.start, edge.end, line))
        used = {name for edge in layout.edges if edge.lines[line] for name in (edge.start, edge.end)}
        used |= {terminal.node for terminal in layout.terminals}
        made += _leading_somewhere(list(wanted.values()), used)
    return made


def _leading_somewhere(wanted: list[Passage], used: set[str]) -> list[Passage]:
    while True:
        touches = Counter(name for passage in wanted for name in (passage.start, passage.end))
        kept = [
            passage
            for passage in wanted
            if all(name in used or touches[name] > 1 for name in (passage.start, passage.end))
        ]
        if len(kept) == len(wanted):
            return kept
        wanted = kept


def layout_findings(
    layout: Layout, hint: Callable[[Sequence[str], Sequence[Edge]], str] = lambda names, edges: ""
) -> Iterator[Finding]:
    """Yield everything that is wrong with how things hang together.

    Parameters
    ----------
    layout
        The names.
    hint
        A sentence for nodes that hang loose, and the edges they belong to: a map can tell what they nearly touch.
    """
    yield from _duplicates(layout)
    for edge in layout.edges:
        if edge.start == edge.end:
            yield Finding(f"{edge.key}.end", f"{edge} starts and ends at the same node {edge.end!r}")
    known = set(layout.nodes) | {name for edge in layout.edges for name in (edge.start, edge.end)}
    for terminal in layout.terminals:
        if terminal.node not in known:
            yield _unknown_node(terminal, known)
    if not layout.terminals or layout.terminals[0].what != "producer" or layout.terminals[0].node not in known:
        return
    passages = passages_of(layout)
    lost: set[str] = set()
    for finding, names in _islands(layout, passages, hint):
        lost |= names
        yield finding
    yield from _dangling(layout, passages, lost, hint)
    yield from _unreached(layout, passages, known - lost)


def _duplicates(layout: Layout) -> Iterator[Finding]:
    for key, name in layout.doubled:
        yield Finding(f"{key}.id", f"duplicate id {name!r} (first in {layout.nodes[name]})")
    first: dict[tuple[str, str], str] = {}
    items: list[Edge | Terminal] = [*layout.edges, *layout.terminals]
    for item in items:
        family = item.what if item.what in ("pipe", "consumer", "producer") else "element"
        if (family, item.id) in first:
            yield Finding(f"{item.key}.id", f"duplicate id {item.id!r} (first in {first[family, item.id]})")
        first.setdefault((family, item.id), item.key)


def _unknown_node(terminal: Terminal, known: set[str]) -> Finding:
    near = nearest(terminal.node, sorted(known))
    hint = f" (got {terminal.node!r}" + (f"; did you mean {near})" if near else ")")
    if terminal.named:
        return Finding(f"{terminal.key}.node", f"unknown node of {terminal}: no pipe, valve or pump ends there{hint}")
    return Finding(terminal.key, f"{terminal} names no node, and no pipe, valve or pump ends at one of its id{hint}")


def _islands(
    layout: Layout, passages: list[Passage], hint: Callable[[Sequence[str], Sequence[Edge]], str]
) -> Iterator[tuple[Finding, set[str]]]:
    """Yield a finding for each part that is not connected with the first producer, and its nodes."""
    plant = layout.terminals[0]
    told: set[frozenset[str]] = set()
    parts_of_line = []
    for line in (0, 1):
        groups = _Groups()
        edges = [edge for edge in layout.edges if edge.lines[line]]
        for edge in edges:
            groups.join(edge.start, edge.end)
        for passage in passages:
            if passage.line == line:
                groups.join(passage.start, passage.end)
        parts: dict[str, list[Edge]] = {}
        for edge in edges:
            if groups.of(edge.start) != groups.of(plant.node):
                parts.setdefault(groups.of(edge.start), []).append(edge)
        parts_of_line.append([(frozenset(edge.key for edge in part), part) for part in parts.values()])
    in_both = {keys for keys, _ in parts_of_line[0]} & {keys for keys, _ in parts_of_line[1]}
    for line, found in enumerate(parts_of_line):
        for keys, part in found:
            if keys in told:
                continue
            told.add(keys)
            touches = Counter(name for edge in part for name in (edge.start, edge.end))
            names = set(touches)
            where = "" if keys in in_both else f" in the {LINES[line]} line"
            own = [str(terminal) for terminal in layout.terminals if terminal.node in names and terminal.what[0] == "p"]
            why = f", which holds the pressure; {own[0]} alone does not" if own else ""
            message = f"island: not connected with {plant}{why}{where} ({_list(part)})"
            yield Finding(part[0].key, message + hint(sorted(touches, key=touches.__getitem__), part)), names


def _list(edges: Sequence[Edge]) -> str:
    named = ", ".join(str(edge) for edge in edges[:_NAMED_MAX])
    more = len(edges) - _NAMED_MAX
    return named + (f" and {more} more" if more > 0 else "")


def _dangling(
    layout: Layout, passages: list[Passage], lost: set[str], hint: Callable[[Sequence[str], Sequence[Edge]], str]
) -> Iterator[Finding]:
    """Yield a finding for each end where a line just ends, but for the islands, which are told already."""
    terminals = {terminal.node for terminal in layout.terminals} | lost
    touches: list[Counter[str]] = []
    for line in (0, 1):
        ends = [(edge.start, edge.end) for edge in layout.edges if edge.lines[line] and edge.start != edge.end]
        ends += [(passage.start, passage.end) for passage in passages if passage.line == line]
        touches.append(Counter(name for pair in ends for name in pair))
    for edge in layout.edges:
        for side, name in (("start", edge.start), ("end", edge.end)):
            loose = [line for line in (0, 1) if edge.lines[line] and touches[line][name] == 1]
            if not loose or name in terminals or edge.start == edge.end:
                continue
            where = "" if len(loose) == sum(edge.lines) else f" in the {LINES[loose[0]]} line"
            message = f"dangling: at the {side} {name!r} of {edge} there is no consumer, producer, valve or other pipe"
            near = nearest(name, layout.nodes) if layout.nodes and name not in layout.nodes else ""
            guess = f" (did you mean {near})" if near else ""
            yield Finding(f"{edge.key}.{side}", message + where + guess + hint([name], [edge]))


def _unreached(layout: Layout, passages: list[Passage], known: set[str]) -> Iterator[Finding]:
    """Yield what stands at a node that is no part of one of the lines; `known` leaves out the islands."""
    reached = [
        {name for edge in layout.edges if edge.lines[line] for name in (edge.start, edge.end)} for line in (0, 1)
    ]
    for passage in passages:
        reached[passage.line] |= {passage.start, passage.end}
    for terminal in layout.terminals:
        for line in (0, 1):
            if terminal.node in known and terminal.node not in reached[line]:
                message = f"nothing of the {LINES[line]} line ends at node {terminal.node!r} of {terminal}"
                yield Finding(f"{terminal.key}.node" if terminal.named else terminal.key, message)
    for name, key in layout.nodes.items():
        if name not in reached[0] and name not in reached[1]:
            yield Finding(key, f"no pipe, valve or pump ends at node {name!r}")
