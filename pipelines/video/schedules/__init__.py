"""Schedules: what changes over the frames of a clip, as keyframes and expressions. Pure, and safe on any text."""
