"""Tests of pipelines/video/photo."""
