"""Tests of pipelines/prompting."""
