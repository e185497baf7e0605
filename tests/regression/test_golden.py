"""The Omsk comparison as it was last looked at, number by number.

After a change that is meant to move numbers, look at the new ones and write them down with
`DHSIM_WRITE_GOLDEN=1 pytest tests/regression`.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.study.types import Comparison

GOLDEN = Path(__file__).with_name("omsk.csv")
TOLERANCE_REL = 1e-7
TOLERANCE_ABS = 1e-6


def test_the_omsk_table_is_the_golden_one(omsk_comparison: Comparison) -> None:
    table = omsk_comparison.table
    if os.environ.get("DHSIM_WRITE_GOLDEN"):
        table.to_csv(GOLDEN, float_format="%.12g", lineterminator="\n")
        pytest.skip("wrote the golden table")
    golden = pd.read_csv(GOLDEN, index_col=[0, 1, 2])
    assert list(golden.columns) == list(table.columns)
    assert list(golden.index) == list(table.index)
    far = ~np.isclose(table, golden, rtol=TOLERANCE_REL, atol=TOLERANCE_ABS, equal_nan=True)
    rows = [f"{table.index[row]} {table.columns[column]}" for row, column in zip(*np.nonzero(far), strict=True)]
    assert not rows, "\n".join(rows)
