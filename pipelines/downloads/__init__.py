"""Models from elsewhere: planned, licence accepted, transferred to the last byte, checked, and only then listed."""
