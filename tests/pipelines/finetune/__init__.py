"""Tests of what a training is made of and what it makes, outside the worker."""
