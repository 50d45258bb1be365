"""Tests of the HTTP side: most drive the guarded application in process, with the real manager and a fake worker."""
