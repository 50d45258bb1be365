"""Trainings as people have them: kept on disk, in a line, sent to the worker, shown, and done what is asked of them."""
