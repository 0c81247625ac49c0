"""What a browser sees: static files and the API's own documentation page."""
