"""Tests of pipelines/video/motion."""
