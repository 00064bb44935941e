"""Gas of ProfilePicture beside the floor and its peers: `make bench-gas`."""
