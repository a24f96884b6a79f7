"""Pooling forward and back: winners, switches, unpooling, ties, overlaps, averages."""
