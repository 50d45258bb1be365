"""Grids: what may vary over columns, rows and sheets, how values are written, and the pictures side by side."""
