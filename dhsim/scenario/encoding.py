"""Bytes of a file -> text: UTF-8 and nothing else, refused everywhere in the same words."""

from __future__ import annotations

import codecs
import re

from dhsim.errors import Problem
from dhsim.scenario.source import Place, problem_at


def place_after(path: str, before: str) -> Place:
    r"""Return the place of the character behind a text that begins the file.

    >>> str(place_after("case.yaml", "name: a\n  b"))
    'case.yaml:2:4'
    """
    lines = re.split(r"\r\n|\r|\n", before)
    return Place(path, len(lines), len(lines[-1]) + 1)


def utf8_text(path: str, data: bytes) -> str | Problem:
    """Return a file's text, or what is wrong with its encoding and where.

    Parameters
    ----------
    path
        As the problem is to name it.
    data
        Content of the file; a byte-order mark, which some editors write, is no part of the text.

    Returns
    -------
    str or Problem
        The text without the mark.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return problem_at(Place(path, 1, 1), "not UTF-8 but UTF-16 text: save the file as UTF-8")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = place_after(path, data[: error.start].decode("utf-8"))
        return problem_at(place, f"not UTF-8 text (byte 0x{data[error.start]:02x}): save the file as UTF-8")
