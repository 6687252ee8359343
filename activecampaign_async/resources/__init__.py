"""One module per area of the API, named as its attribute of the client: `ac.tags` is resources/tags.py."""
