"""Videos at the desk: ordered, made by a process each, drawn by the worker, paused, gone on with, finished."""
