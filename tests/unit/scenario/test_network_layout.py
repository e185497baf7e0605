from __future__ import annotations

from typing import Any

from dhsim.scenario.network_layout import layout_findings, layout_of, passages_of


def _pipe(id: str, start: str, end: str, line: str = "both") -> dict[str, str]:
    return {"id": id, "start": start, "end": end, "line": line}


CHAIN = [_pipe("p1", "plant", "a"), _pipe("p2", "a", "h")]


def _said(**parts: Any) -> dict[str, Any]:
    return {"pipes": CHAIN, "producers": [{"id": "plant"}], "consumers": [{"id": "h"}]} | parts


def _told(**parts: Any) -> list[str]:
    layout = layout_of(_said(**parts))
    assert layout is not None
    return [f"{key}: {message}" for key, message in layout_findings(layout)]


def _passages(**parts: Any) -> list[tuple[str, str, str, int]]:
    layout = layout_of(_said(**parts))
    assert layout is not None
    return [tuple(passage) for passage in passages_of(layout)]


def test_a_chain_is_well() -> None:
    assert _told() == []


def test_an_island_is_one_finding_with_its_pipes() -> None:
    island = [_pipe("q1", "x", "y"), _pipe("q2", "y", "z"), _pipe("q3", "z", "x")]
    assert _told(pipes=CHAIN + island) == [
        "pipes.2: island: not connected with producer 'plant' (pipe 'q1', pipe 'q2', pipe 'q3')"
    ]


def test_an_island_with_a_producer_of_its_own_has_no_pressure_level() -> None:
    island = [_pipe("q1", "x", "y")]
    producers, consumers = [{"id": "plant"}, {"id": "x"}], [{"id": "h"}, {"id": "y"}]
    assert _told(pipes=CHAIN + island, producers=producers, consumers=consumers) == [
        "pipes.2: island: not connected with producer 'plant', which holds the pressure; producer 'x' alone does not "
        "(pipe 'q1')"
    ]


def test_an_island_of_one_line() -> None:
    pipes = [CHAIN[0], _pipe("s", "a", "h", "supply"), _pipe("r", "h", "b", "return"), _pipe("r2", "b", "h", "return")]
    assert _told(pipes=pipes) == [
        "pipes.2: island: not connected with producer 'plant' in the return line (pipe 'r', pipe 'r2')",
        "pipes.0.end: dangling: at the end 'a' of pipe 'p1' there is no consumer, producer, valve or other pipe in the "
        "return line",
    ]


def test_a_dangling_end_and_a_name_that_was_meant() -> None:
    pipes = [*CHAIN, _pipe("p3", "a", "house2")]
    nodes = [{"id": "plant"}, {"id": "a"}, {"id": "house_2"}]
    assert _told(pipes=pipes, nodes=nodes) == [
        "pipes.2.end: dangling: at the end 'house2' of pipe 'p3' there is no consumer, producer, valve or other pipe "
        "(did you mean house_2)",
        "nodes.2: no pipe, valve or pump ends at node 'house_2'",
    ]


def test_a_consumer_that_the_return_does_not_reach() -> None:
    pipes = [CHAIN[0], _pipe("s", "a", "h", "supply"), _pipe("r", "a", "plant", "return")]
    assert "consumers.0: nothing of the return line ends at node 'h' of consumer 'h'" in _told(pipes=pipes)


def test_an_unknown_node() -> None:
    assert _told(consumers=[{"id": "h"}, {"id": "k", "node": "hh"}]) == [
        "consumers.1.node: unknown node of consumer 'k': no pipe, valve or pump ends there (got 'hh'; did you mean h)"
    ]


def test_a_pipe_from_a_node_to_itself() -> None:
    assert _told(pipes=[*CHAIN, _pipe("o", "a", "a")]) == ["pipes.2.end: pipe 'o' starts and ends at the same node 'a'"]


def test_ids_are_unique_in_their_family() -> None:
    valves = [{"id": "v", "start": "a", "end": "h", "line": "both"}]
    pumps = [{"id": "v", "start": "a", "end": "h", "line": "supply"}]
    assert _told(valves=valves, pumps=pumps) == ["pumps.0.id: duplicate id 'v' (first in valves.0)"]
    assert _told(nodes=[{"id": "a"}, {"id": "a"}]) == ["nodes.1.id: duplicate id 'a' (first in nodes.0)"]


def test_a_valve_in_one_line_gets_a_passage_in_the_other() -> None:
    pipes = [_pipe("p1", "plant", "a"), _pipe("p2", "b", "h")]
    valves = [{"id": "v", "start": "a", "end": "b", "line": "supply"}]
    assert _told(pipes=pipes, valves=valves) == []
    assert _passages(pipes=pipes, valves=valves) == [("v (return passage)", "a", "b", 1)]


def test_a_ring_is_not_cut_by_a_valve_of_the_other_line() -> None:
    ring = [*CHAIN, _pipe("p3", "plant", "b"), _pipe("p4", "c", "h")]
    valves = [{"id": "v", "start": "b", "end": "c", "line": "return"}]
    assert _passages(pipes=ring, valves=valves) == [("v (supply passage)", "b", "c", 0)]


def test_no_passage_where_something_joins_the_ends_or_nothing_is_there() -> None:
    pipes = [_pipe("p1", "plant", "a"), _pipe("p2", "b", "h"), _pipe("r", "a", "b", "return")]
    valve = {"id": "v", "start": "a", "end": "b", "line": "supply"}
    assert _passages(pipes=pipes, valves=[valve]) == []
    apart = [
        _pipe("s1", "plant", "a", "supply"),
        _pipe("s2", "b", "h", "supply"),
        _pipe("r", "h", "plant", "return"),
    ]
    assert _told(pipes=apart, valves=[valve]) == []
    assert _passages(pipes=apart, valves=[valve]) == []


def test_a_chain_of_elements_is_passed_whole_and_parallel_ones_once() -> None:
    pipes = [_pipe("p1", "plant", "a")]
    valves = [{"id": "v", "start": "a", "end": "b", "line": "supply"}]
    pumps = [{"id": name, "start": "b", "end": "h", "line": "supply"} for name in ("k1", "k2")]
    assert _told(pipes=pipes, valves=valves, pumps=pumps) == []
    assert _passages(pipes=pipes, valves=valves, pumps=pumps) == [
        ("v (return passage)", "a", "b", 1),
        ("k1 (return passage)", "b", "h", 1),
    ]


def test_no_layout_without_names() -> None:
    assert layout_of(_said(pipes=[{"id": "p1", "start": "plant"}])) is None
    assert layout_of(_said(nodes=[{"id": ["a"]}])) is None
    assert layout_of(_said(pipes=[_pipe("p", "a", "b", "supply ")])) is None
