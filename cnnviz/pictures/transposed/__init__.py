"""Transposed convolution: spreading, remainders, sizes, the misnomer, coverage.

Pictures: coverage, misnomer, remainder_strip (remainder.py), size_ladder, spreading
(transposed.py).
"""
