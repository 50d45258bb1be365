"""Tests of pipelines/retouch."""
