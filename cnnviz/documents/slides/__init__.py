"""The slides: EE5179, Deep Learning for Imaging, on backpropagation.

`records.toml` has all that they print. The deck is known only as a conversion: where a slip may be the
conversion's, its record says so. `network.py` holds the plain network and `steps.py` what is said of it;
`layers.py` holds the layer of the other slides. The other modules compute what their sentences say, one
for each topic.
"""
