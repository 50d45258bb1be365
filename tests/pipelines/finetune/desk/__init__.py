"""Tests of pipelines/finetune/desk."""
