"""Teaching a checkpoint something new with a few pictures: what is asked, kept, shown and made of it. No torch here."""
