"""What the blog prints: A. Saraswat, Backward Pass of CNN.

The records stand in reading order. Each line of an aligned display is a record of its own, without
what only aligns or resizes it. Of the code, the lines that compute something are records.
"""

from . import blog_code, blog_dense, blog_input, blog_kernel, blog_pooling

RECORDS = (
    *blog_dense.RECORDS,
    *blog_pooling.RECORDS,
    *blog_kernel.RECORDS,
    *blog_input.RECORDS,
    *blog_code.RECORDS,
)
