"""Tests of videos at the desk: from what is asked to a film, with the process that makes it."""
