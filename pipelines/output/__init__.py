"""Pictures on disk: metadata, durable files, the index over them, uploads. Only the web process comes here.

But for disk.py: with it the worker writes what a training keeps.
"""
