"""What the note prints: S. Maheshwari, Backpropagation in Convolutional Networks (2021).

``printed`` is its LaTeX source; ``converted`` the PDF conversion, where it is not the same.
"""

from __future__ import annotations

from . import note_convolution, note_kernel, note_pooling, note_stride, note_transposed

RECORDS = (
    *note_pooling.RECORDS,
    *note_convolution.RECORDS,
    *note_transposed.RECORDS,
    *note_stride.RECORDS,
    *note_kernel.RECORDS,
)
