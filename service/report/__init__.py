"""A comparison as one page for a browser and for paper: it needs no other file, no script and no network."""
