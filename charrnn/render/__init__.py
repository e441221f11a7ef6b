"""Reports and events as text for a terminal, HTML pages, pictures, JSON and CSV."""
