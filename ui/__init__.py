"""What the browser shows: a Gradio shell and our own islands. Knows only the face of pipelines."""
