"""Tests of pipelines/video/steady."""
