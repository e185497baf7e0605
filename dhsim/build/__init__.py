"""How do words become things? Scenario -> Case."""

from dhsim.build.case import build_case

__all__ = ["build_case"]
