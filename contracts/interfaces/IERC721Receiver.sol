// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a contract implements to be sent tokens by the safe functions (ERC-721)
interface IERC721Receiver {
    /// @notice Called after the token has moved; anything but this function's selector undoes the move.
    /// @param operator Who called the collection.
    /// @param from The previous holder; the zero address when the token was just minted.
    /// @param tokenId The token.
    /// @param data What the caller passed along.
    function onERC721Received(address operator, address from, uint256 tokenId, bytes calldata data)
        external
        returns (bytes4);
}
