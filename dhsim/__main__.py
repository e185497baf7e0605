"""python -m dhsim."""

from __future__ import annotations

from dhsim.cli import main

if __name__ == "__main__":
    main()
