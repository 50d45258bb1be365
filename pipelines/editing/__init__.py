"""Pictures that start from a picture: what a request says of it, how it is made ready, how the result is put back. No torch here."""
