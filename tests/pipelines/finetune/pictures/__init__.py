"""Tests of pipelines/finetune/pictures."""
