"""The profile service: pictures of people, uploaded or held as a token, as a platform shows them.

An ASGI application (`pfpkit.profile.asgi:app`) that imports no ape; `ape run serve` runs it with a
chain, a database and a gateway of its own. docs/profile.md says how it works and what it trusts.
"""
