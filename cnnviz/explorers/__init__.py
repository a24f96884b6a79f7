"""Explorers: one function for each picture with its sliders; a file for each lesson."""

from .convolution import explore_channels, explore_convolution_matrix, explore_flattening

__all__ = ["explore_channels", "explore_convolution_matrix", "explore_flattening"]
