"""Tests of videos, mirroring pipelines/video."""
