// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProfilePicture} from "../contracts/ProfilePicture.sol";
import {Collection, both, either, implies} from "./Collection.sol";

/// @title What ERC-2981 and ERC-165 answer
contract Royalty is Collection {
    /// @notice royaltyInfo answers with the constructor's receiver and its share by parts, for every rate and price
    function check_royalty_is_by_parts(uint256 id, uint256 price, address receiver, uint96 bps) external {
        pictures = new ProfilePicture("Pictures", "PIC", address(1), address(2), 3, receiver, bps, bytes32(uint256(4)));
        assert(both(bps <= 10_000, implies(bps != 0, receiver != address(0))));
        (address paid, uint256 amount) = pictures.royaltyInfo(id, price);
        assert(paid == receiver);
        unchecked {
            assert(amount == price / 10_000 * bps + price % 10_000 * bps / 10_000);
        }
    }

    /// @notice supportsInterface says yes to ERC-165, ERC-721, its Metadata and ERC-2981, no to all others
    function check_supported_interfaces(bytes4 id) external view {
        bool listed = either(
            either(id == bytes4(0x01ffc9a7), id == bytes4(0x80ac58cd)),
            either(id == bytes4(0x5b5e139f), id == bytes4(0x2a55205a))
        );
        assert(pictures.supportsInterface(id) == listed);
    }
}
