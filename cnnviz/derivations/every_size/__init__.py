"""The two gradients of a convolution, proved once for every size, stride, padding and dilation.

A line is an equation between finite sums with free indices and letters for all sizes. `letters`
names them, `sums` knows the few rules by which one finite sum follows from another, and `rules`
says by which of them a line follows. Beside the proof, `sizes` draws numbers for the sizes, and
`numbers` carries both sides out for them.
"""
