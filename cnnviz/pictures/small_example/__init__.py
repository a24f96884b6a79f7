"""One small layer from its first equation to its last.

Pictures: whole_layer.
"""
