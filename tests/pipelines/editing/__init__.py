"""Tests of pipelines/editing."""
