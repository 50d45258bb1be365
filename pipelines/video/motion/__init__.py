"""Motion: how the camera moves between frames, and frames seen through it. Pure functions of numbers and pictures."""
