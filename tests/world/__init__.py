"""A small world on the loopback address: web, TLS, ports, names and mail that behave as told, well or badly."""
