"""The page in a real browser, in front of the whole app with the fake worker."""
