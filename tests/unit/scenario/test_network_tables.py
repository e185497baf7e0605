from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.network_read import load_network

TABLES = {
    "network.yaml": "name: north\ntemp_ground_c: 8\nignore: [street]\n",
    "pipes.csv": "id,start,end,length_m,diameter_inner_mm,line,street\n"
    "1,plant,a,100,100,,High Street\n"
    "2,a,h1,50,70,both,\n"
    '# a remark\n\n"3, west",a,h2,60,70,,\n',
    "consumers.csv": "id;heat_kw;temp_drop_k;on\nh1;100;30;\nh2;80.5;30;FALSE\n",
    "producers.csv": "id,temp_supply_c,pressure_return_kpa,control,pumps.flow_m3_h,pumps.head_m,pumps.efficiency_best,"
    "pumps.flow_best_m3_h\nplant,90,200,speed,0;20;40,30 28 20,0.7,25\n",
}


@pytest.fixture
def folder(write: Callable[..., Path]) -> Callable[..., Path]:
    def make(**changed: str) -> Path:
        for name, text in (TABLES | {f"{name}.csv": text for name, text in changed.items()}).items():
            write(text, f"north/{name}")
        return Path("north")

    return make


@pytest.fixture
def told(folder: Callable[..., Path]) -> Callable[..., list[str]]:
    def of(**changed: str) -> list[str]:
        with pytest.raises(ScenarioError) as caught:
            load_network(folder(**changed))
        return [str(problem) for problem in caught.value.problems]

    return of


def test_cells_are_typed_by_their_key(folder: Callable[..., Path]) -> None:
    network = load_network(folder())
    assert [pipe.id for pipe in network.pipes] == ["1", "2", "3, west"]
    assert network.consumers[1].heat_kw == 80.5
    assert [consumer.on for consumer in network.consumers] == [True, False]
    pumps = network.producers[0].pumps
    assert pumps is not None
    assert (pumps.flow_m3_h, pumps.head_m) == ([0, 20, 40], [30, 28, 20])
    assert str(network.where("pipes.2.length_m")).endswith("pipes.csv:6:16")


def test_a_wrong_cell_is_named_by_file_row_and_column(told: Callable[..., list[str]]) -> None:
    assert told(consumers="id;heat_kw;temp_drop_k\nh1;100;30\nh2;80,5;30\n") == [
        "north/consumers.csv:3:4: consumers.1.heat_kw: consumer 'h2': expected a number in kW (got '80,5'; the decimal "
        "sign is a point)"
    ]


def test_an_unknown_column_is_told_once(told: Callable[..., list[str]]) -> None:
    assert told(consumers="id,heat_w,temp_drop_k,heat_kw\nh1,1,30,2\nh2,1,30,2\n") == [
        "north/consumers.csv:1:4: consumers.heat_w: wrong unit: this key is in kW (got 'heat_w'; did you mean heat_kw)"
    ]


def test_rows_have_as_many_cells_as_columns(told: Callable[..., list[str]]) -> None:
    assert told(consumers='id,heat_kw,temp_drop_k\nh1,100,30,4\nh2,"80,30\n')[:2] == [
        "north/consumers.csv:2:1: consumers.0: expected one cell a column (got 4 cells under 3 columns)",
        "north/consumers.csv:3:1: consumers.1: expected one cell a column (got a quotation that does not end)",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "north/consumers.csv: the file is empty: its first line names the columns"),
        ("id,heat_kw,heat_kw\n", "north/consumers.csv:1:4: consumers: column 'heat_kw' stands here twice"),
        ("id,,heat_kw\n", "north/consumers.csv:1:4: consumers: a column without a name"),
    ],
)
def test_broken_tables(told: Callable[..., list[str]], text: str, problem: str) -> None:
    assert told(consumers=text) == [problem]


def test_a_missing_table_and_one_that_stands_twice(folder: Callable[..., Path], told: Callable[..., list[str]]) -> None:
    path = folder()
    (path / "consumers.csv").rename(path / "consumer.csv")
    with pytest.raises(ScenarioError) as caught:
        load_network(path)
    assert str(caught.value) == "north/consumers.csv: no such file (did you mean consumer.csv)"
    with (path / "network.yaml").open("a") as file:
        file.write("pipes: []\n")
    with pytest.raises(ScenarioError) as caught:
        load_network(path)
    assert "north/network.yaml:4:1: pipes: stands in pipes.csv too: leave one out" in str(caught.value)
