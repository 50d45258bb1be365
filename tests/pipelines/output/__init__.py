"""Tests of pictures on disk."""
