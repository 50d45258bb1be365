"""Retouching without weights: damage found, tones restored, holes filled, faces marked. Pure functions of pictures."""
