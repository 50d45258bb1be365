"""Steady: what keeps a restyled movie from flickering. Optical flow, shots, keyframes, propagation and blends."""
