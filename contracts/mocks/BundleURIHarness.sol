// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BundleURI} from "../libraries/BundleURI.sol";
import {ReferenceBundleURI} from "../libraries/reference/ReferenceBundleURI.sol";

/// @notice Lets the tests call both ways of building a URI for many digests at once.
contract BundleURIHarness {
    /// @notice From each digest: `metadata`, `image`, and the two of `both`.
    function uris(bytes32[] calldata digests) external pure returns (string[4][] memory found) {
        found = new string[4][](digests.length);
        for (uint256 i = 0; i < digests.length; ++i) {
            found[i][0] = BundleURI.metadata(digests[i]);
            found[i][1] = BundleURI.image(digests[i]);
            (found[i][2], found[i][3]) = BundleURI.both(digests[i]);
        }
    }

    /// @notice The same from the reference.
    function referenceURIs(bytes32[] calldata digests) external pure returns (string[2][] memory found) {
        found = new string[2][](digests.length);
        for (uint256 i = 0; i < digests.length; ++i) {
            found[i][0] = ReferenceBundleURI.metadata(digests[i]);
            found[i][1] = ReferenceBundleURI.image(digests[i]);
        }
    }
}
