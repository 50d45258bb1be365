"""Tests of benchmarks/: the tables and the way of measuring, not the figures."""
