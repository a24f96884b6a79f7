"""A whole network: its passes, the blog's faults, the check of its gradients."""
