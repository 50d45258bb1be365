"""Tests of pipelines/video/deforum/."""
