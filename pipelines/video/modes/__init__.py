"""The ways in which a video is made: each plans what was asked, and makes the frames of it."""
