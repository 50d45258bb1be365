"""Tests of the modes by themselves, with a drawing that is a function."""
