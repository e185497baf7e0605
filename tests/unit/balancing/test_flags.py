"""Flags told in a few lines."""

from __future__ import annotations

from dhsim.balancing.flags import Flag, told_together


def test_flags_of_one_kind_become_one_text_with_the_first_message_and_all_names() -> None:
    flags = [Flag("prior", f"flat {n}", f"mostly the prior: 0.{n}") for n in range(1, 8)]
    flags.insert(2, Flag("gap", "flat 3", "a gap"))
    flags.append(Flag("not white", "", "residuals are not white"))
    texts = told_together(flags)
    assert texts == [
        "flat 1, flat 2, flat 3, flat 4, flat 5 and 2 more; of the first: mostly the prior: 0.1",
        "flat 3: a gap",
        "residuals are not white",
    ]


def test_two_of_a_kind_are_spelt_out() -> None:
    flags = [Flag("prior", "a", "x"), Flag("prior", "b", "y")]
    assert told_together(flags) == ["a: x", "b: y"]
