"""Tests of how our models are made."""
