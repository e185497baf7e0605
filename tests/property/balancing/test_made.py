"""A setting that is written down is the setting that is read, whatever its valve."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhsim.balancing.made import setting_kv_m3_h
from dhsim.errors import DhsimError
from dhsim.model.valve_type import catalogue_valve

TYPES = [catalogue_valve(name) for name in ("stad_dn15", "ra_n_15")]
share = st.floats(0.0, 1.0)


@given(st.sampled_from(TYPES), share, st.booleans(), st.booleans())
def test_a_number_on_the_scale_comes_back(kind, share, comma, with_unit) -> None:
    position = kind.positions[0] + share * (kind.positions[-1] - kind.positions[0])
    text = f"{position:.12f}".replace(".", "," if comma else ".") + (f" {kind.unit}" if with_unit else "")
    assert setting_kv_m3_h(kind, text) == pytest.approx(float(kind.kv_at_m3_h(float(f"{position:.12f}"))))


@given(st.sampled_from(TYPES), st.integers(0, 30))
def test_every_mark_of_the_scale_can_be_read_back(kind, k) -> None:
    position = float(kind.settable[k % kind.settable.size])
    assert setting_kv_m3_h(kind, kind.label(position)) == pytest.approx(float(kind.kv_at_m3_h(position)))


@given(st.sampled_from(TYPES), st.text(max_size=8))
def test_any_text_is_a_setting_or_a_clear_error(kind, text) -> None:
    try:
        kv_m3_h = setting_kv_m3_h(kind, text)
    except DhsimError:
        return
    assert 0.0 < kv_m3_h < float("inf")
