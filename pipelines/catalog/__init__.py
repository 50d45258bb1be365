"""What lies in the folders of models: found, identified by content, checked for damage; nothing is loaded here."""
