"""Tests of pipelines/video/grading."""
