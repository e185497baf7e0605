"""What happens next? The kernel (the only time loop) and `simulate`."""

from dhsim.engine.simulation import simulate

__all__ = ["simulate"]
