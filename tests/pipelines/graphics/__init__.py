"""Tests of pipelines/graphics."""
