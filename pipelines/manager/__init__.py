"""The manager: jobs from the request to the library, one desk that owns their state, and the parts around it."""
