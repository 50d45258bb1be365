"""Pictures on disk: metadata, durable files, the index over them, uploads. Only the web process comes here."""
