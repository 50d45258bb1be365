"""Tests of pipelines/worker/recipes."""
