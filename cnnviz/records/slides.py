"""What the slides print: EE5179, Deep Learning for Imaging, on backpropagation.

The records stand in reading order. The deck is known only as a conversion: where a slip may be the
conversion's, its record says so.
"""

from . import slides_filter, slides_input, slides_layer, slides_network, slides_pooling

RECORDS = (
    *slides_network.RECORDS,
    *slides_layer.RECORDS,
    *slides_filter.RECORDS,
    *slides_input.RECORDS,
    *slides_pooling.RECORDS,
)
