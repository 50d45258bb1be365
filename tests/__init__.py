"""Tests mirror the tree; tiny.py builds toy model families through the real diffusers classes."""
