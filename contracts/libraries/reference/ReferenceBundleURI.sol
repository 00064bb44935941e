// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What BundleURI computes, one character at a time
/// @notice Written from RFC 4648 and the CID specification without a thought for gas. The tests and proofs
/// compare BundleURI to it; nothing deploys it.
library ReferenceBundleURI {
    bytes private constant ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    /// @notice The text of the CID: version 1, dag-pb, sha2-256 of 32 bytes.
    function cid(bytes32 digest) internal pure returns (string memory) {
        return string.concat("b", base32(bytes.concat(hex"01701220", digest)));
    }

    /// @notice RFC 4648 base32, lower case, without padding.
    function base32(bytes memory data) internal pure returns (string memory) {
        bytes memory text = new bytes((data.length * 8 + 4) / 5);
        for (uint256 i = 0; i < text.length; ++i) {
            uint256 digit = 0;
            for (uint256 bit = i * 5; bit < i * 5 + 5; ++bit) {
                digit = digit * 2 + (bit < data.length * 8 ? (uint8(data[bit / 8]) >> (7 - bit % 8)) & 1 : 0);
            }
            text[i] = ALPHABET[digit];
        }
        return string(text);
    }

    function metadata(bytes32 digest) internal pure returns (string memory) {
        return string.concat("ipfs://", cid(digest), "/metadata.json");
    }

    function image(bytes32 digest) internal pure returns (string memory) {
        return string.concat("ipfs://", cid(digest), "/image");
    }
}
