"""Taking over an installation of another program: what it is, and where its things lie. Nothing there is written."""
