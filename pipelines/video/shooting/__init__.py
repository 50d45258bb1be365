"""The process that makes one video: frame after frame, in segments that are whole or not there. No torch here."""
