"""The gradient to the kernel: one weight, the window, a nudge, the three roles, channels.

Pictures: kernel_channels, kernel_gradient, one_weight, three_correlations (roles.py), wiggle.
"""
