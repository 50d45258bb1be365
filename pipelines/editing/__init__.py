"""Pictures that start from a picture: what a request says of it, its canvas, and the way back. No torch here."""
