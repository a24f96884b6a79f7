"""One small layer from its first equation to its last."""
