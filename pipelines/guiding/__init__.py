"""Pictures that guide a picture: what a request says of them, and how they are made ready. No torch here."""
