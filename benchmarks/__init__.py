"""Every speed and memory figure that the documentation states comes from a command here: `python -m benchmarks`."""
