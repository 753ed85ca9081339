"""Nothing is served before it is proven equal to the estimator."""

from skylayer.proof.artifact import is_same, prove
from skylayer.proof.native import ProofFailed, prove_native

__all__ = ["ProofFailed", "is_same", "prove", "prove_native"]
