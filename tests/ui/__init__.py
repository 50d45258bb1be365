"""The page without a browser: its table of widgets, its wiring, and the rules for its scripts."""
