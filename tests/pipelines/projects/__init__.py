"""Tests of pipelines/projects."""
