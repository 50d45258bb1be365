"""Tests of pipelines/finetune/results."""
