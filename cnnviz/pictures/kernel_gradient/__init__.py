"""The gradient to the kernel: one weight, the window, a nudge, the three roles, channels."""
