"""Teaching means what it says: a thing never seen, taught to the starter with five drawings."""
