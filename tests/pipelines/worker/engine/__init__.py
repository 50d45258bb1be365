"""Tests of pipelines/worker/engine."""
