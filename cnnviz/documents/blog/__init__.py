"""The blog post: A. Saraswat, Backward Pass of CNN.

`records.toml` has all that it prints: each line of an aligned display is a record of its own, without
what only aligns or resizes it, and of the code the lines that compute something. `dense.py`, `pooling.py`,
`relu.py` and `code.py` run the lines of one layer each; `runs.py` says how. `layers.py` holds the example,
and the other modules compute what the sentences say of it, one for each topic.
"""
