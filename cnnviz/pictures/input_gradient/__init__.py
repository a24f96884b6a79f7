"""The gradient to the input: Wᵀ, scatter, gather, the turned kernel, the substituted index.

Pictures: folding, index_substitution, input_channels, transposed_matrix (input_gradient.py),
scatter_gather, turned_kernel, written_out.
"""
