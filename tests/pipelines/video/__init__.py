"""Tests of pipelines/video."""
