"""User strategies: found beside the scenario, run anew, leaving nothing behind, and failing in plain words."""

from __future__ import annotations

import math
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from dhsim.control.commands import Observation
from dhsim.control.strategy import Decision, ask, load_strategy
from dhsim.errors import DhsimError
from dhsim.model.system import Mode

NOON = pd.Timestamp("2021-01-01 12:00")
OBSERVATION = Observation(0.0, 5.0, 4.0, 70.0, 40.0, 60.0, 12.0, 0, True, {"a": 21.0}, (5.0,) * 24)


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))


@pytest.fixture
def rules(tmp_path):
    write(
        tmp_path,
        "rules.py",
        """
        from __future__ import annotations
        from dataclasses import dataclass
        from dhsim.control.strategy import Decision

        @dataclass
        class Seen:
            count: int = 0

        SEEN = Seen()
        NUMBER = 3

        def decide(observation):
            SEEN.count += 1
            return Decision(temp_offset_k=-float(SEEN.count))

        def silent(observation):
            return None

        def breaks(observation):
            return {}[observation.mode]

        def wrong(observation):
            return 55.0

        def not_finite(observation):
            return Decision(temp_set_c=observation.temp_mixed_c / 0.0)
        """,
    )
    return tmp_path


def test_function_is_found_and_decides(rules):
    decide = load_strategy("rules:decide", rules)
    assert ask(decide, "rules:decide", OBSERVATION, NOON) == Decision(temp_offset_k=-1.0)
    assert ask(decide, "rules:decide", OBSERVATION, NOON) == Decision(temp_offset_k=-2.0)


def test_each_run_starts_from_a_fresh_module(rules):
    for _ in range(2):
        decide = load_strategy("rules:decide", rules)
        assert decide(OBSERVATION).temp_offset_k == -1.0


def test_an_edit_of_the_same_length_is_seen_at_once(tmp_path):
    for value in (1, 2):
        write(tmp_path, "quick.py", f"def decide(observation):\n    return {value}\n")
        assert load_strategy("quick:decide", tmp_path)(OBSERVATION) == value


def test_dots_are_folders_and_siblings_can_be_imported(tmp_path):
    write(
        tmp_path, "deep/rules.py", "import dhsim_sibling\n\ndef decide(observation):\n    return dhsim_sibling.VALUE\n"
    )
    write(tmp_path, "dhsim_sibling.py", "VALUE = 4\n")
    assert load_strategy("deep.rules:decide", tmp_path)(OBSERVATION) == 4


def test_nothing_is_left_in_the_interpreter(tmp_path):
    path_before, modules_before = list(sys.path), set(sys.modules)
    for folder, value in (("one", 1), ("two", 2)):
        write(
            tmp_path,
            f"{folder}/rules.py",
            "import common_part\n\ndef decide(observation):\n    return common_part.VALUE\n",
        )
        write(tmp_path, f"{folder}/common_part.py", f"VALUE = {value}\n")
    # The second folder must not get the first one's part of the same name.
    assert [load_strategy("rules:decide", tmp_path / folder)(OBSERVATION) for folder in ("one", "two")] == [1, 2]
    assert sys.path == path_before
    assert set(sys.modules) == modules_before


def test_what_lies_deeper_below_the_folder_stays_loaded(tmp_path, monkeypatch):
    write(tmp_path, "env/site/installed_part.py", "VALUE = 5\n")
    write(tmp_path, "rules.py", "import installed_part\n\ndef decide(observation):\n    return installed_part.VALUE\n")
    monkeypatch.syspath_prepend(tmp_path / "env" / "site")
    try:
        assert load_strategy("rules:decide", tmp_path)(OBSERVATION) == 5
        assert "installed_part" in sys.modules
    finally:
        sys.modules.pop("installed_part", None)


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ("rules", "module:function"),
        ("rules:", "module:function"),
        ("../rules:decide", "module:function"),
        ("rules.py:decide", "no file"),
        ("nowhere:decide", "no file"),
        ("rules:nothing", "has no 'nothing'"),
        ("rules:NUMBER", "not callable"),
    ],
)
def test_what_cannot_be_found_is_named(rules, reference, named):
    with pytest.raises(DhsimError, match=named):
        load_strategy(reference, rules)


@pytest.mark.parametrize(
    ("text", "named"), [("def decide(:\n", "SyntaxError"), ("import nothing_such\n", "nothing_such")]
)
def test_file_that_fails_is_named(tmp_path, text, named):
    path_before = list(sys.path)
    write(tmp_path, "bad.py", text)
    with pytest.raises(DhsimError, match=named) as caught:
        load_strategy("bad:decide", tmp_path)
    assert "bad.py" in str(caught.value)
    assert sys.path == path_before


def test_none_means_that_nothing_is_wanted(rules):
    assert ask(load_strategy("rules:silent", rules), "rules:silent", OBSERVATION, NOON) == Decision()


@pytest.mark.parametrize(
    ("function", "named"), [("breaks", "KeyError"), ("wrong", "returned float"), ("not_finite", "ZeroDivisionError")]
)
def test_failure_names_the_function_and_the_time(rules, function, named):
    reference = f"rules:{function}"
    with pytest.raises(DhsimError, match=named) as caught:
        ask(load_strategy(reference, rules), reference, OBSERVATION, NOON)
    assert reference in str(caught.value)
    assert "2021-01-01 12:00" in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"temp_set_c": math.nan}, "temp_set_c"),
        ({"temp_set_c": "60"}, "temp_set_c"),
        ({"temp_offset_k": None}, "temp_offset_k"),
        ({"temp_offset_k": True}, "temp_offset_k"),
        ({"flow_set_rel": 0.0}, "flow_set_rel"),
        ({"flow_set_rel": math.inf}, "flow_set_rel"),
        ({"mode": 1}, "mode"),
        ({"mode": "BYPASS"}, "mode"),
    ],
)
def test_decision_refuses_what_is_not_a_number_or_a_mode(wanted, named):
    with pytest.raises(DhsimError, match=named):
        Decision(**wanted)


def test_decision_takes_numpy_numbers():
    decision = Decision(
        temp_set_c=np.float32(60.0), flow_set_rel=np.float64(0.8), temp_offset_k=np.int64(-2), mode=Mode.BYPASS
    )
    assert float(decision.temp_offset_k) == -2.0
