"""pfpkit: NFT profile pictures from an image file to a verified avatar."""

__version__ = "0.1.0"
