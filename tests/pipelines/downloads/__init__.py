"""Downloads of models, against a server on this machine that misbehaves in every way we know of."""
