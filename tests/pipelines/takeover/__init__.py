"""Tests of taking over other programs."""
