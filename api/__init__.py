"""The jobs for programs and for the islands of the page, over HTTP."""
