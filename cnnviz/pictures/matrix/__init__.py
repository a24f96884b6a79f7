"""A convolution as a matrix: W, im2col, channels and groups.

Pictures: convolution_matrix.
"""
