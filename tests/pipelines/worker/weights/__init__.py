"""Tests of pipelines/worker/weights."""
