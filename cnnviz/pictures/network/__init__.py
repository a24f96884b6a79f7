"""A whole network: its passes, the blog's faults, the check of its gradients.

Pictures: network_pass, repairs, gradient_lamps.
"""
