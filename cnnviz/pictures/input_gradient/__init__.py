"""The gradient to the input: Wᵀ, scatter, gather, the turned kernel, the substituted index."""
