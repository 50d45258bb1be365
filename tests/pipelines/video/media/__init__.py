"""Tests of pipelines/video/media."""
