"""What is said of a token or a collection: strict JSON in, canonical JSON out.

Pure. `read_json` refuses what two readers could understand in two ways, `read_foreign` takes what a
stranger minted as it is; `TokenMetadata` and
`CollectionMetadata` check every field and write RFC 8785 bytes, so that the same facts always
have the same CID.
"""

from pfpkit.metadata.collection import CollectionMetadata
from pfpkit.metadata.foreign import MAX_FOREIGN_BYTES, ForeignMetadata, read_foreign
from pfpkit.metadata.strict_json import Json, read_json
from pfpkit.metadata.table import TOKEN, Columns, token_number
from pfpkit.metadata.template import from_template
from pfpkit.metadata.token import Attribute, TokenMetadata

__all__ = [
    "MAX_FOREIGN_BYTES",
    "TOKEN",
    "Attribute",
    "CollectionMetadata",
    "Columns",
    "ForeignMetadata",
    "Json",
    "TokenMetadata",
    "from_template",
    "read_foreign",
    "read_json",
    "token_number",
]
