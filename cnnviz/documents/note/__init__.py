"""The note: S. Maheshwari, Backpropagation in Convolutional Networks (2021).

`records.toml` has all that it prints: ``print`` is its LaTeX source, ``pdf`` its PDF conversion, where
that is not the same. `layers.py` holds its layers, and `displays.py` reads the displays of which its
sentences speak. The other modules compute what these sentences say, one for each topic.
"""
