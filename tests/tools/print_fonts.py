"""Makes the fonts of saved pictures from the whole ones: only the characters a picture may show.

    python -m tests.tools.print_fonts /usr/share/fonts/truetype/dejavu

The fonts are DejaVu 2.37 (Debian's fonts-dejavu-core and, for the italics, fonts-dejavu-extra).
"""

import sys
from pathlib import Path

from fontTools import subset

from cnnviz.scene.png import FONTS

NAMES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Italic")
CHARACTERS = (
    (0x20, 0x7E), (0xA0, 0xFF),  # Latin
    (0x391, 0x3D6),  # Greek
    (0x1D40, 0x1D40), (0x2070, 0x209C),  # raised and lowered letters and numbers
    (0x2002, 0x200B), (0x2010, 0x2044), (0x2150, 0x215E),  # punctuation and fractions
    (0x2102, 0x2135), (0x2190, 0x21D5), (0x2200, 0x22CF), (0x2308, 0x230B), (0x27E8, 0x27E9),
    (0x25A0, 0x25CF), (0x26A0, 0x26A0), (0x2713, 0x2718),  # shapes, ⚠, ✓ and ✕
)  # fmt: skip


def main(source: Path) -> None:
    options = subset.Options(
        hinting=False, layout_features=[], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14]
    )
    options.drop_tables += ["FFTM", "GPOS", "GSUB", "GDEF", "kern"]
    for name in NAMES:
        font = subset.load_font(source / f"{name}.ttf", options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=[c for a, b in CHARACTERS for c in range(a, b + 1)])
        subsetter.subset(font)
        subset.save_font(font, FONTS / f"{name}.ttf", options)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
