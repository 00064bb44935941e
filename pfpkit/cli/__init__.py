"""The `pfpkit` program: what needs neither a chain nor Ape. One file per command."""

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pfpkit")
def cli() -> None:
    """NFT profile pictures: compute, explain and check content addresses."""
