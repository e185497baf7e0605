"""A plain table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table


def plain_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> Table:
    """Return a table without lines; the columns named are left-justified, the others right."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for k, head in enumerate(heads):
        made.add_column(head, justify="left" if k in left else "right")
    for row in rows:
        made.add_row(*row)
    return made
