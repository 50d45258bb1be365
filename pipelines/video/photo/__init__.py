"""Photos brought to life: a still photo becomes an exact, seamless loop. No weights, no torch here."""
