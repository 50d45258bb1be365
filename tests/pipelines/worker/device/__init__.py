"""Tests of pipelines/worker/device."""
