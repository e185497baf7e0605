"""What happens next? The kernel (the only time loop) and `simulate`."""

from dhsim.engine.simulate import simulate

__all__ = ["simulate"]
