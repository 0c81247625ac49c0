"""Snapshots of databases: every row as a digest, made by the server itself, in one consistent reading."""
