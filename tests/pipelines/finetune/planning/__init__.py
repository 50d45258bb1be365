"""Tests of pipelines/finetune/planning."""
