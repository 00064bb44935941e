"""The profile service under load, beside a bare application and nginx: `make bench-serve`."""
