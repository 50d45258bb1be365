"""Video: clips that are animated, movies restyled, photos brought to life, and work on single frames. No torch here."""
