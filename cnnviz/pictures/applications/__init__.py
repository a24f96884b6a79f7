"""What the backward pass is used for: saliency, reconstruction, upsampling."""
