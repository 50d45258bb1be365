"""Tests of pipelines/manager/."""
