"""What moves while one looks: the wall, its parts, and the stream that keeps pages alive."""
