"""Tests of pipelines/video/."""
