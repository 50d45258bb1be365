"""Tests of pipelines/video/schedules/."""
