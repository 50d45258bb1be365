"""Tests of the starter model."""
