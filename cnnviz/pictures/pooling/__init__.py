"""Pooling forward and back: winners, switches, unpooling, ties, overlaps, averages.

Pictures: max_pooling, average_pooling, unpooling, swapped_switches, pooling_ties,
overlapping_windows, order_of_steps.
"""
