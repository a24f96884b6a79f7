"""Gates, fan-out and plain networks: backpropagation before the first convolution."""
