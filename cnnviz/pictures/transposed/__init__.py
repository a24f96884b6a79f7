"""Transposed convolution: spreading, remainders, sizes, the misnomer, coverage."""
