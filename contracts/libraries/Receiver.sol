// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProfilePicture} from "../interfaces/IProfilePicture.sol";
import {IERC721Receiver} from "../interfaces/IERC721Receiver.sol";

/// @title The question that the safe functions ask the receiver of a token
library Receiver {
    /// @notice Revert unless `to` is a plain account, or a contract that answers with the selector.
    /// A reason that the receiver gives is passed on.
    /// @dev Calls out: the caller writes nothing after it.
    function ask(address to, address from, uint256 id, bytes memory data) internal {
        if (to.code.length == 0) return;
        (bool done, bytes memory answer) =
            to.call(abi.encodeCall(IERC721Receiver.onERC721Received, (msg.sender, from, id, data)));
        if (!done && answer.length != 0) {
            // Solidity has no way to revert with bytes that it was given.
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        bytes32 accepted = IERC721Receiver.onERC721Received.selector;
        if (!done || answer.length < 32 || bytes32(answer) != accepted) {
            revert IProfilePicture.ERC721InvalidReceiver(to);
        }
    }
}
