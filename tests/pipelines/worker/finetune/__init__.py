"""Tests of pipelines/worker/finetune."""
