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


_FORMAT = (
    "; in a table the decimal sign is a point, or a comma where columns are parted by semicolons or tabs; thousands "
    "are not parted"
)


def test_a_wrong_cell_is_named_by_file_row_and_column(told: Callable[..., list[str]]) -> None:
    assert told(consumers='id,heat_kw,temp_drop_k\nh1,100,30\nh2,"80,5",30\n') == [
        "north/consumers.csv:3:5: consumers.1.heat_kw: consumer 'h2': expected a number in kW (got '80,5'; the decimal "
        f"sign is a point){_FORMAT}"
    ]


@pytest.mark.parametrize("cell", ["1.080,5", "1 080,5", "80,5,1", "80,5 kW"])
def test_only_one_comma_is_a_decimal_sign(told: Callable[..., list[str]], cell: str) -> None:
    (said,) = told(consumers=f"id;heat_kw;temp_drop_k\nh1;100;30\nh2;{cell};30\n")
    assert said.startswith("north/consumers.csv:3:4: consumers.1.heat_kw: consumer 'h2': expected a number in kW")
    assert said.endswith(_FORMAT)


@pytest.mark.parametrize("sign", [";", "\t"])
def test_tables_of_a_spreadsheet_with_decimal_commas_are_read(folder: Callable[..., Path], sign: str) -> None:
    points = "0.25 0|9.75 0.5"
    pipes = f"id,start,end,length_m,diameter_inner_mm,route\n1,plant,h1,100.5,82.5,{points}\n2,plant,h2,60,70,\n"
    nodes = "id,x,y\nplant,0,0\nh1,10,0.5\nh2,0,9\n"
    plain = load_network(folder(pipes=pipes, nodes=nodes))
    pipes = (
        "id;start;end;length_m;diameter_inner_mm;route\n1;plant;h1;100,5;82,5;0,25 0|9,75 0,5\n2;plant;h2;60;70,0;\n"
    )
    consumers = "id;heat_kw;temp_drop_k;on\nh1;100;30;\nh2;80,5;30;FALSE\n"
    producers = (
        "id;temp_supply_c;pressure_return_kpa;control;pumps.flow_m3_h;pumps.head_m;pumps.efficiency_best;"
        "pumps.flow_best_m3_h\nplant;90;200;speed;0 20,0|40;30 28 20;0,7;25\n"
    )
    tables = {
        "pipes": pipes,
        "nodes": nodes.replace(",", ";").replace(".", ","),
        "consumers": consumers,
        "producers": producers,
    }
    assert load_network(folder(**{name: text.replace(";", sign) for name, text in tables.items()})) == plain


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"id,heat_kw\nG\xe5rd,1\n", "north/consumers.csv:2:2: not UTF-8 text (byte 0xe5): save the file as UTF-8"),
        ("id,heat_kw\n".encode("utf-16"), "north/consumers.csv:1:1: not UTF-8 but UTF-16 text: save the file as UTF-8"),
    ],
)
def test_other_encodings_are_told_as_of_yaml(
    folder: Callable[..., Path], write: Callable[..., Path], data: bytes, problem: str
) -> None:
    path = folder()
    write(data, "north/consumers.csv")
    with pytest.raises(ScenarioError) as caught:
        load_network(path)
    assert str(caught.value) == problem


def test_an_unknown_column_is_told_once(told: Callable[..., list[str]]) -> None:
    assert told(consumers="id,heat_w,temp_drop_k,heat_kw\nh1,1,30,2\nh2,1,30,2\n") == [
        "north/consumers.csv:1:4: consumers.heat_w: wrong unit: this key is in kW (got 'heat_w'; did you mean heat_kw)"
    ]


def test_rows_have_as_many_cells_as_columns(told: Callable[..., list[str]]) -> None:
    assert told(consumers='id,heat_kw,temp_drop_k\nh1,100,30,4\nh2,"80,30\n')[:2] == [
        f"north/consumers.csv:2:1: consumers.0: expected one cell a column (got 4 cells under 3 columns){_FORMAT}",
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


def test_empty_rows_that_a_spreadsheet_leaves_are_no_rows(folder: Callable[..., Path]) -> None:
    consumers = "# a remark;;\nid;heat_kw;temp_drop_k\nh1;100;30\nh2;80,5;30\n;;\n \t;;\n"
    assert [consumer.heat_kw for consumer in load_network(folder(consumers=consumers)).consumers] == [100, 80.5]
