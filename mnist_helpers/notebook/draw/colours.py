"""The book's colours, each for one kind of thing on every page, and its sizes."""

INK, GREY, PAPER = "#222222", "#777777", "#FFFFFF"
# Okabe and Ito's, which colour-blind readers can tell apart
BLUE = "#0072B2"  # data, and features on their way forward
ORANGE = "#D55E00"  # loss, errors, gradients on their way back
GREEN = "#009E73"  # parameters, and what is learned
PINK = "#CC79A7"  # what is given from outside: labels
# For areas
TINTS = {BLUE: "#D6E9F5", ORANGE: "#FBE3D3", GREEN: "#D3EFE6", PINK: "#F6E4EF", GREY: "#EEEEEE"}

WIDTH = 360  # units: a telephone's width in pixels
WORDS, SMALL = 13.0, 11.5  # units: the size of words, and of those in narrow places
