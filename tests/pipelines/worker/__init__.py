"""Tests of the worker process and what it is made of."""
