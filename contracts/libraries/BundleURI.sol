// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The `ipfs://` URIs of a bundle, from its digest
/// @notice A bundle's root is a UnixFS directory, so its CID is version 1, dag-pb, sha2-256: the bytes
/// 0x01 0x70 0x12 0x20 and the digest. As text (multibase `b`: RFC 4648 base32, lower case, no padding)
/// the first 30 of these 288 bits always read `bafybei`; 2 zero bits, the digest, and 2 zero bits of
/// padding are the other 52 characters.
/// @dev No loop: 32 characters at a time are spread from 5 bits to a byte each within one word, by
/// halving, and turned to letters together. `ReferenceBundleURI` does the same one by one; the tests
/// compare the two.
library BundleURI {
    /// @notice `ipfs://bafybei.../metadata.json`.
    function metadata(bytes32 digest) internal pure returns (string memory) {
        (bytes32 head, bytes20 tail) = base32(digest);
        return _metadata(head, tail);
    }

    /// @notice `ipfs://bafybei.../image`.
    function image(bytes32 digest) internal pure returns (string memory) {
        (bytes32 head, bytes20 tail) = base32(digest);
        return _image(head, tail);
    }

    /// @notice Both URIs, from one run of the encoder.
    function both(bytes32 digest) internal pure returns (string memory, string memory) {
        (bytes32 head, bytes20 tail) = base32(digest);
        return (_metadata(head, tail), _image(head, tail));
    }

    /// @notice The 52 characters after `bafybei`.
    function base32(bytes32 digest) internal pure returns (bytes32 head, bytes20 tail) {
        uint256 bits = uint256(digest);
        head = bytes32(_letters(bits >> 98));
        tail = bytes20(uint160(_letters((bits << 2) & ((1 << 100) - 1))));
    }

    function _metadata(bytes32 head, bytes20 tail) private pure returns (string memory) {
        return string(bytes.concat("ipfs://bafybei", head, tail, "/metadata.json"));
    }

    function _image(bytes32 head, bytes20 tail) private pure returns (string memory) {
        return string(bytes.concat("ipfs://bafybei", head, tail, "/image"));
    }

    /// @dev The low 160 bits as 32 letters, the lowest 5 bits last.
    function _letters(uint256 x) private pure returns (uint256) {
        unchecked {
            // 1 lane of 160 bits -> 2 of 80 -> 4 of 40 -> 8 of 20 -> 16 of 10 -> 32 of 5: the upper half of
            // every lane moves up to its middle, for h + h * (2^n - 1) is h << n.
            x += (x & 0x000000000000000000000000ffffffffffffffffffff00000000000000000000) * (2 ** 48 - 1);
            x += (x & 0x000000000000ffffffffff0000000000000000000000ffffffffff0000000000) * (2 ** 24 - 1);
            x += (x & 0x000000fffff00000000000fffff00000000000fffff00000000000fffff00000) * (2 ** 12 - 1);
            x += (x & 0x000ffc00000ffc00000ffc00000ffc00000ffc00000ffc00000ffc00000ffc00) * (2 ** 6 - 1);
            x += (x & 0x03e003e003e003e003e003e003e003e003e003e003e003e003e003e003e003e0) * (2 ** 3 - 1);
            // 0..25 are a..z; 26..31 are 2..7, which stand 73 before where the alphabet would go on.
            uint256 digits = ((x + 0x6666666666666666666666666666666666666666666666666666666666666666) >> 7)
                & 0x0101010101010101010101010101010101010101010101010101010101010101;
            return x + 0x6161616161616161616161616161616161616161616161616161616161616161 - digits * 73;
        }
    }
}
