"""Protocols, error rates and plots. Reports every figure by writer-disjoint protocol with its interval."""
