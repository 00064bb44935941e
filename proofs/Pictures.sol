// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProfilePicture} from "../contracts/interfaces/IProfilePicture.sol";
import {BundleURI} from "../contracts/libraries/BundleURI.sol";
import {SSTORE2} from "../contracts/libraries/SSTORE2.sol";
import {Collection, both, either, implies, svm, vm} from "./Collection.sol";

/// @title What a token shows: its bundle, and both URIs letter by letter
/// @custom:halmos --loop 64
contract Pictures is Collection {
    /// @notice no call of anybody changes the bundle of an id that was given, or the batch that it came in
    function check_a_bundle_never_changes(uint256 id, address caller) external {
        Token memory before = assumeSound(id);
        vm.assume(both(id != 0, id <= totals().minted));
        (bool done,) = anyCall(caller);
        Token memory t = token(id);
        if (done) assert(t.bundle == before.bundle);
        if (done) assert(implies(exists(t), t.batch == before.batch));
    }

    /// @notice no call of anybody changes where the digests of a batch are
    function check_a_batch_never_moves(uint256 batch, address caller) external {
        assumeSound(batch);
        vm.assume(both(batch != 0, batch <= totals().minted));
        uint256 before = dataOf(batch);
        (bool done,) = anyCall(caller);
        if (done) assert(dataOf(batch) == before);
    }

    /// @notice the views of a token minted alone say what is stored, and both URIs are its bundle's
    function check_views_of_a_token(uint256 id) external view {
        Token memory t = assumeExists(id);
        vm.assume(t.batch == 0);
        views(id, t, t.bundle);
    }

    /// @notice the views of a token of a batch show its digest in the batch's code, which begins with STOP
    /// @custom:halmos --array-lengths bundles={4} --loop 64
    function check_views_of_a_token_of_a_batch(uint48 batch, bytes32[] calldata bundles, uint48 epoch) external {
        address data = SSTORE2.write(bundles);
        assert(both(data.code.length == 1 + 32 * bundles.length, data.code[0] == 0));
        write(slotOf(batch, SLOT_batches), uint160(data));
        for (uint256 i = 0; i < bundles.length; ++i) {
            uint256 id = uint256(batch) + i;
            uint256 holder = uint160(svm.createAddress("holder"));
            // Written, so that Halmos knows which word of the code is read.
            write(slotOf(id, SLOT_tokens), holder | uint256(batch) << 160 | uint256(epoch) << 208);
            vm.assume(batch != 0);
            views(id, assumeExists(id), bundles[i]);
        }
    }

    function views(uint256 id, Token memory t, bytes32 bundle) private view {
        assert(both(pictures.ownerOf(id) == t.holder, pictures.bundleOf(id) == bundle));
        address spender = pictures.getApproved(id);
        assert(either(spender == address(0), isLive(t)) && implies(isLive(t), spender == t.spender));
        assert(sameText(pictures.tokenURI(id), uri(bundle, "/metadata.json")));
        assert(sameText(pictures.imageURI(id), uri(bundle, "/image")));
    }

    /// @notice all views of a token refuse an id that does not exist, by ERC721NonexistentToken
    function check_views_refuse_what_does_not_exist(uint256 id, uint8 which) external view {
        vm.assume(!exists(assumeSound(id)));
        bytes4 view_ = pictures.ownerOf.selector;
        if (which == 1) view_ = pictures.bundleOf.selector;
        if (which == 2) view_ = pictures.getApproved.selector;
        if (which == 3) view_ = pictures.tokenURI.selector;
        if (which == 4) view_ = pictures.imageURI.selector;
        (bool done, bytes memory answer) = address(pictures).staticcall(abi.encodeWithSelector(view_, id));
        assert(!done);
        assert(answer.length == 36 && bytes4(answer) == IProfilePicture.ERC721NonexistentToken.selector);
    }

    /// @notice the counters, roles and balances are shown as they are stored
    function check_views_of_the_collection(address holder, address operator) external view {
        Totals memory all = totals();
        vm.assume(all.burned <= all.minted);
        assert(both(pictures.totalMinted() == all.minted, pictures.totalSupply() == all.minted - all.burned));
        assert(both(pictures.owner() == all.owner, pictures.pendingOwner() == all.pendingOwner));
        assert(pictures.minter() == all.minter);
        assert(pictures.isApprovedForAll(holder, operator) == isOperator(holder, operator));
        (bool done, bytes memory answer) =
            address(pictures).staticcall(abi.encodeCall(pictures.balanceOf, (holder)));
        assert(done == (holder != address(0)));
        if (done) assert(abi.decode(answer, (uint256)) == balance(holder));
    }

    /// @notice mint answers with both URIs of its bundle
    function check_mint_answers_with_both_uris(address to, bytes32 bundle) external {
        prank(totals().minter);
        (bool done, bytes memory answer) = address(pictures).call(abi.encodeCall(pictures.mint, (to, bundle)));
        vm.assume(done);
        (, string memory metadata, string memory image) = abi.decode(answer, (uint256, string, string));
        assert(sameText(metadata, uri(bundle, "/metadata.json")));
        assert(sameText(image, uri(bundle, "/image")));
    }

    /// @notice the collection's URI is the one of the constructor's bundle, whatever is stored
    function check_uri_of_the_collection() external view {
        assert(sameText(pictures.contractURI(), uri(collectionBundle, "/metadata.json")));
    }

    /// @notice base32 of every 256-bit digest is RFC 4648's
    /// @custom:halmos --loop 64 --solver-command "python shifts.py"
    function check_base32_of_every_digest(bytes32 digest) external pure {
        (bytes32 head, bytes20 tail) = BundleURI.base32(digest);
        // The digest after two zero bits, and before two more.
        assert(uint256(head) == letters(uint256(digest) >> 98, 32));
        assert(uint160(tail) == letters((uint256(digest) << 2) & (2 ** 100 - 1), 20));
    }

    /// @notice the letters of the reference are RFC 4648's, lower case
    function check_letters_of_the_reference() external pure {
        bytes memory alphabet = "abcdefghijklmnopqrstuvwxyz234567";
        for (uint256 digit = 0; digit < 32; ++digit) assert(letter(digit) == uint8(alphabet[digit]));
    }

    // ------------------------------------------------------------------------------------------------- reference
    /// @dev `count` letters of 5 bits each, the last for the lowest. No branch and no table: Halmos would take
    /// every one of them.
    function letters(uint256 bits, uint256 count) private pure returns (uint256 text) {
        for (uint256 i = 0; i < count; ++i) text |= letter((bits >> (5 * i)) & 31) << (8 * i);
    }

    /// @dev 0..25 are a..z, 26..31 are 2..7.
    function letter(uint256 digit) private pure returns (uint256) {
        unchecked {
            return digit + 97 - 73 * ((digit + 6) >> 5);
        }
    }

    /// @dev base32 stands in for the reference here: another proof says that they are the same.
    function uri(bytes32 digest, string memory file) private pure returns (string memory) {
        (bytes32 head, bytes20 tail) = BundleURI.base32(digest);
        return string(bytes.concat("ipfs://bafybei", head, tail, bytes(file)));
    }

    /// @dev Compare whole texts word by word, not by hash.
    function sameText(string memory a, string memory b) private pure returns (bool) {
        if (bytes(a).length != bytes(b).length) return false;
        uint256 different = 0;
        for (uint256 i = 32; i <= bytes(a).length + 31; i += 32) {
            uint256 rest = bytes(a).length + 32 - i;
            uint256 mask = rest >= 32 ? type(uint256).max : ~(type(uint256).max >> (8 * rest));
            assembly {
                different := or(different, and(mask, xor(mload(add(a, i)), mload(add(b, i)))))
            }
        }
        return different == 0;
    }
}
