"""What was it worth? Energy, comfort, smoke and money of a run."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from dhsim.assess.scorecard import assess

if TYPE_CHECKING:
    from dhsim.assess.types import Scorecard
    from dhsim.model.case import Case
    from dhsim.solution import Solution

__all__ = ["assess"]


class _Room(ModuleType):
    """A room that is also the public function `dhsim.assess`, which importing the room would otherwise hide."""

    def __call__(self, solution: Solution, case: Case) -> Scorecard:
        return assess(solution, case)


sys.modules[__name__].__class__ = _Room
