"""What the backward pass is used for: saliency, reconstruction, upsampling.

Pictures: relu_rules, saliency_maps, reconstruction, upsampling_photo.
"""
