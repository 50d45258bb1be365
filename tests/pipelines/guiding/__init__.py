"""Tests of pipelines/guiding."""
