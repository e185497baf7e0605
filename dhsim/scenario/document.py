"""What every file that was read has in common: it knows where its keys stand, and what it says as one number."""

from __future__ import annotations

import hashlib
import json
from typing import Self

from pydantic import PrivateAttr

from dhsim.errors import Problem
from dhsim.scenario.section import Section
from dhsim.scenario.source import Place, SourceMap, problem_at


class Document(Section):
    """A file, read and checked."""

    _source: SourceMap = PrivateAttr(default_factory=SourceMap)

    def __eq__(self, other: object) -> bool:
        # what is said counts, not where it stands
        return type(other) is type(self) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(self.content_hash())

    def placed(self, source: SourceMap) -> Self:
        """Return the same with the places of its keys."""
        twin = self.model_copy()
        twin._source = source
        return twin

    def where(self, key: str) -> Place:
        """Return where a dotted key stands (`buildings.0.heat_design_kw`); the mapping around it if it is a default."""
        return self._source.where(key)

    def problem(self, key: str, message: str) -> Problem:
        """Return a problem with the place of the key."""
        return problem_at(self.where(key), message, key)

    def content_hash(self) -> str:
        """Return the SHA-256 of everything that is said, wherever the file stands."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(said.encode()).hexdigest()
