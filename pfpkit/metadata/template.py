"""One text for all tokens, with `{token}` where the number stands.

Pure. A template is a token file whose texts may hold `{token}`: name, description, external_url and
the values of attributes. Whatever else stands in braces is taken for a slip and refused.
"""

import re

from pfpkit.errors import BadMetadata
from pfpkit.metadata.strict_json import Json, read_json
from pfpkit.metadata.token import TokenMetadata

__all__ = ["from_template"]

_PLACE = "{token}"
_BRACES = re.compile(r"\{[^{}\s]{1,40}\}")


def from_template(data: bytes, token: str, source: str = "tokens.json") -> TokenMetadata:
    """Return the metadata of one token; BadMetadata has a line for each fault.

    >>> from_template(b'{"name": "Face #{token}"}', "7").name
    'Face #7'
    """
    fields = read_json(data, source)
    problems: list[str] = []
    if isinstance(fields, dict) and _PLACE not in str(fields.get("name", _PLACE)):
        problems.append("'name' has no {token}, so every token would have the same; add it")
    filled = _filled(fields, token, problems)
    faults = [f"{source}: {problem}" for problem in dict.fromkeys(problems)]
    try:
        made = TokenMetadata.of(filled, source)
    except BadMetadata as error:
        faults.append(str(error))
    if faults:
        raise BadMetadata("\n".join(faults))
    return made


def _filled(value: Json, token: str, problems: list[str]) -> Json:
    if isinstance(value, dict):
        return {key: _filled(inner, token, problems) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, token, problems) for inner in value]
    if not isinstance(value, str):
        return value
    problems += [
        f"{found!r} is no place to fill; only {_PLACE} is"
        for found in _BRACES.findall(value)
        if found != _PLACE
    ]
    return value.replace(_PLACE, token)
