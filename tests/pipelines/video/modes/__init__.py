"""Tests of pipelines/video/modes: courses run here without a process, with a model that is a function."""
