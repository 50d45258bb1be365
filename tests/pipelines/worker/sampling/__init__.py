"""Tests of the sampling: against published numbers, diffusers, exact solutions, and itself."""
