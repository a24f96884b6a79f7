"""Gates, fan-out and plain networks: backpropagation before the first convolution.

Pictures: gate (gates.py), conv_gate, fan_out, plain_network, dense_layer.
"""
