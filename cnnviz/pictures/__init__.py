"""Pictures: arrays in, scene out; a folder for each topic, a file for each picture.

A picture is the function that bears its file's name: `pooling/max_pooling.py` draws ``max_pooling``.
All of them are made with one vocabulary: `sheet.py` (whose letters, the room for each grid), `grids.py`
(maps, gradients, matrices), `maps.py` (padded, spread, turned, cropped), `meetings.py` (who meets whom)
and `words.py`. The smallest to read first is `kernel_gradient/kernel_gradient.py`.
"""
