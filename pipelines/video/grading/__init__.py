"""Grading: what is done to the colours and the grain of a frame before and after it is diffused."""
