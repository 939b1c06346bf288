"""Limits, mostly of sizes in pixels, that more than one part of the package uses."""

SIDE_MULTIPLE = 16
"""The network's sides are multiples of this: it halves pictures four times."""
SIDE_MINIMUM = 64
"""The network's sides are at least this."""
SIDE_MAXIMUM = 2048
"""The largest shorter side that a user may ask of the network; its time and memory grow with the square."""
SIDE_FULL_MATCH = 512
"""Sketches with a longer shorter side are matched from coarse to fine."""

PATCH = 4
"""Side of the square that one token of the correspondence stands for."""

PALETTE_LARGEST = 24
"""A palette that is read from references has at most so many colours."""

PICTURE_SHORTEST = 16
"""A picture with a shorter side than this is refused."""
PICTURE_WIDEST = 64
"""A picture longer than this many times its shorter side is refused."""

GAP_MAXIMUM = 256
"""The widest gap in a line, in pixels of the drawing, that a user may ask to have closed."""

WEIGHT_LEAST, WEIGHT_MOST = 0.001, 1000.0
"""Limits of the weights that make a reference more or less likely to be matched."""

LINES_MINIMUM, LINES_MAXIMUM = 16, 16_384
"""Limits of the shorter side that lines are extracted at."""
LINES_USUAL = 1024
"""Lines of larger pictures are extracted at this shorter side, unless a size is asked for."""
LINES_USUAL_REGIONS = 512
"""The same for the contours of a picture that is not a label map."""
LINE_WIDEST = 64
"""The widest lines of contours."""
