"""What the documents print, one module for each: the note, the slides, the blog."""
